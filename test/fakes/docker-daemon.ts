// A Docker engine in this process: its HTTP API on a unix socket, as far as the Docker port uses it. What runs "in" a container
// runs in a folder of the test. Held to a real engine by test/contracts/docker-contract.ts.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { buffer, json } from 'node:stream/consumers';
import { create } from 'tar';

type Labels = { readonly [key: string]: string };

interface Binding {
  readonly HostIp: string;
  readonly HostPort: string;
}

interface CreateBody {
  readonly Image: string;
  readonly Labels?: Labels;
  readonly HostConfig: {
    readonly NetworkMode: string;
    readonly PortBindings: { readonly [port: string]: readonly Binding[] };
    readonly Mounts: readonly { readonly Source: string; readonly VolumeOptions?: { readonly Labels?: Labels } }[];
  };
}

interface Container {
  readonly id: string;
  readonly name: string;
  readonly body: CreateBody;
  readonly root: string;
  readonly published: TcpServer[];
  state: 'created' | 'running' | 'exited';
}

interface Network {
  readonly Id: string;
  readonly Name: string;
  readonly Labels: Labels;
  readonly IPAM: { readonly Config: readonly { readonly Subnet?: string }[] };
}

/** Ends a request with this answer. */
class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface DaemonOptions {
  /** Everything that it keeps, and its socket, is below. */
  readonly folder: string;
  readonly image: string;
  /** Answers instead of the daemon; undefined leaves it to the daemon. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => true | undefined;
}

export class FakeDaemon {
  readonly socketPath: string;
  readonly requests: string[] = [];
  readonly info: { [key: string]: unknown } = {
    ServerVersion: '29.9.2', OperatingSystem: 'Test Linux', Architecture: 'x86_64', NCPU: 4, MemTotal: 8 * 2 ** 30, CgroupVersion: '2',
    SecurityOptions: ['name=seccomp,profile=builtin'], DriverStatus: [['Backing Filesystem', 'extfs']], Swarm: { LocalNodeState: 'inactive', ControlAvailable: false },
  };
  apiVersion = '1.52';
  readonly #options: DaemonOptions;
  readonly #containers = new Map<string, Container>();
  readonly #networks = new Map<string, Network>();
  readonly #volumes = new Map<string, Labels>();
  readonly #execs = new Map<string, { readonly container: Container; readonly command: readonly string[]; readonly stdin: boolean; exitCode: number | null }>();
  readonly #sockets = new Set<Socket>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.socketPath = join(options.folder, 'docker.sock');
    this.#networks.set('bridge', { Id: 'bridge-id', Name: 'bridge', Labels: {}, IPAM: { Config: [{ Subnet: '172.17.0.0/16' }] } });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => this.#runExec(request, socket, head));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.socketPath, resolve));
  }

  async stop(): Promise<void> {
    for (const container of this.#containers.values()) await unpublish(container);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://docker');
    this.requests.push(`${request.method} ${url.pathname}`);
    if (this.#options.intercept?.(request, response) === true) return;
    const call: Call = { request, response, query: url.searchParams, parts: url.pathname.split('/').slice(1).map(decodeURIComponent) };
    try {
      const result = await this.#route(call);
      if (response.headersSent) return;
      response.statusCode = result === undefined ? 204 : 200;
      response.end(result === undefined ? undefined : JSON.stringify(result));
    } catch (cause) {
      const status = cause instanceof Refusal ? cause.status : 500;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message: cause instanceof Error ? cause.message : String(cause) }));
    }
  }

  async #route(call: Call): Promise<unknown> {
    const { request, parts } = call;
    switch (parts[0]) {
      case 'info': return this.info;
      case 'version': return { ApiVersion: this.apiVersion };
      case 'containers': return await this.#containerRoute(call);
      case 'exec': return { ExitCode: this.#execs.get(parts[1] ?? '')?.exitCode };
      case 'networks': return await this.#networkRoute(call);
      case 'volumes': return this.#volumeRoute(call);
      case 'images': return await this.#imageRoute(call);
      default: throw new Refusal(404, `page not found: ${request.url}`);
    }
  }

  // ── containers ────────────────────────────────────────────────────────────────────────────────────────────────────

  async #containerRoute({ request, response, query, parts }: Call): Promise<unknown> {
    const [, name = '', action] = parts;
    if (name === 'json') return this.#listContainers(filtersOf(query));
    if (name === 'create') return this.#createContainer(query.get('name') ?? '', (await json(request)) as CreateBody, response);
    const container = this.#container(name);
    if (request.method === 'DELETE') {
      await unpublish(container);
      this.#containers.delete(container.id);
      return undefined;
    }
    switch (action) {
      case 'json': return { State: { Status: container.state }, HostConfig: container.body.HostConfig };
      case 'start': return await start(container, response);
      case 'stop': {
        if (container.state !== 'running') response.writeHead(304).end();
        container.state = 'exited';
        await unpublish(container);
        return undefined;
      }
      case 'exec': return this.#createExec(container, (await json(request)) as { Cmd: readonly string[]; AttachStdin: boolean });
      case 'archive': return await archive(container, query.get('path') ?? '', response);
      default: throw new Refusal(404, 'page not found');
    }
  }

  #container(name: string): Container {
    const found = [...this.#containers.values()].find((one) => one.id === name || one.name === name);
    if (found === undefined) throw new Refusal(404, `No such container: ${name}`);
    return found;
  }

  #listContainers(filters: Filters): unknown {
    return [...this.#containers.values()]
      .filter(({ body, name }) => hasLabels(body.Labels, filters) && hasName(`/${name}`, filters))
      .map(({ id, name, body, state }) => ({
        Id: id, Names: [`/${name}`], Image: body.Image, State: state, Labels: body.Labels, NetworkSettings: { Networks: { [body.HostConfig.NetworkMode]: {} } },
        Ports: state !== 'running' ? [] : Object.entries(body.HostConfig.PortBindings).flatMap(([port, bindings]) =>
          bindings.map(({ HostIp, HostPort }) => ({ IP: HostIp, PrivatePort: Number.parseInt(port, 10), PublicPort: Number(HostPort), Type: 'tcp' }))),
      }));
  }

  #createContainer(name: string, body: CreateBody, response: ServerResponse): unknown {
    if ([...this.#containers.values()].some((one) => one.name === name)) throw new Refusal(409, `Conflict. The container name "/${name}" is already in use`);
    if (body.Image !== this.#options.image) throw new Refusal(404, `No such image: ${body.Image}`);
    const id = randomBytes(32).toString('hex');
    const root = join(this.#options.folder, 'containers', id);
    mkdirSync(root, { recursive: true });
    this.#containers.set(id, { id, name, body, root, published: [], state: 'created' });
    for (const { Source, VolumeOptions } of body.HostConfig.Mounts) if (!this.#volumes.has(Source)) this.#volumes.set(Source, VolumeOptions?.Labels ?? {});
    response.writeHead(201).end(JSON.stringify({ Id: id, Warnings: [] }));
    return undefined;
  }

  #createExec(container: Container, body: { readonly Cmd: readonly string[]; readonly AttachStdin: boolean }): unknown {
    if (container.state !== 'running') throw new Refusal(409, `container ${container.id} is not running`);
    const id = randomBytes(32).toString('hex');
    this.#execs.set(id, { container, command: body.Cmd, stdin: body.AttachStdin, exitCode: null });
    return { Id: id };
  }

  /** The body comes before the stream: dockerode sends one, an engine reads it first. */
  #runExec(request: IncomingMessage, socket: Socket, head: Buffer): void {
    this.requests.push(`${request.method} ${request.url}`);
    const exec = this.#execs.get(request.url?.split('/')[2] ?? '');
    const [program = '', ...args] = exec?.command ?? [];
    if (exec === undefined || program === '') {
      socket.end('HTTP/1.1 404 Not Found\r\n\r\n');
      return;
    }
    socket.write('HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    const child = spawn(program, args, { cwd: exec.container.root, stdio: [exec.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
    const frame = (stream: number) => (chunk: Buffer) => {
      const header = Buffer.alloc(8);
      header[0] = stream;
      header.writeUInt32BE(chunk.length, 4);
      socket.write(Buffer.concat([header, chunk]));
    };
    child.stdout?.on('data', frame(1));
    child.stderr?.on('data', frame(2));
    child.on('close', (code) => {
      exec.exitCode = code ?? 137;
      socket.end();
    });
    socket.on('error', () => child.kill('SIGKILL'));
    socket.on('close', () => child.kill('SIGKILL'));
    const { stdin } = child;
    if (stdin === null) return;
    stdin.on('error', () => undefined);
    // What is left of the request after its headers: a chunked body of the start options, which ends with an empty chunk.
    feedAfterBody(socket, head, Number(request.headers['content-length'] ?? 0), stdin);
  }

  // ── networks, volumes, images ─────────────────────────────────────────────────────────────────────────────────────

  async #networkRoute({ request, response, query, parts }: Call): Promise<unknown> {
    if (request.method === 'GET') {
      const filters = filtersOf(query);
      return [...this.#networks.values()].filter((one) => hasLabels(one.Labels, filters) && hasName(one.Name, filters));
    }
    if (request.method === 'DELETE') {
      const found = this.#networks.get(parts[1] ?? '');
      if (found === undefined) throw new Refusal(404, `network ${parts[1]} not found`);
      this.#networks.delete(found.Id);
      return undefined;
    }
    const { Name, Labels, IPAM = { Config: [] } } = (await json(request)) as Network;
    const all = [...this.#networks.values()];
    if (all.some((one) => one.Name === Name)) throw new Refusal(409, `network with name ${Name} already exists`);
    const subnet = IPAM.Config[0]?.Subnet;
    if (subnet !== undefined && all.some((one) => one.IPAM.Config[0]?.Subnet === subnet)) throw new Refusal(403, 'Pool overlaps with other one on this address space');
    const network: Network = { Id: randomBytes(32).toString('hex'), Name, Labels, IPAM };
    this.#networks.set(network.Id, network);
    response.writeHead(201).end(JSON.stringify({ Id: network.Id }));
    return undefined;
  }

  #volumeRoute({ request, query, parts }: Call): unknown {
    if (request.method === 'GET') {
      return { Volumes: [...this.#volumes].filter(([, labels]) => hasLabels(labels, filtersOf(query))).map(([Name, labels]) => ({ Name, Labels: labels })) };
    }
    if (!this.#volumes.delete(parts[1] ?? '')) throw new Refusal(404, `get ${parts[1]}: no such volume`);
    return undefined;
  }

  async #imageRoute({ request, response, query, parts }: Call): Promise<unknown> {
    const image = { Id: `sha256:${'a'.repeat(64)}`, RepoTags: [this.#options.image], RepoDigests: [], Size: 1000 };
    const action = parts.at(-1);
    const name = parts.slice(1, -1).join('/');
    if (action === 'create') throw new Refusal(500, `Get "https://${query.get('fromImage')?.split('/')[0]}/v2/": dial tcp: no such host`);
    if (action === 'load') {
      if (!(await buffer(request)).includes('manifest.json')) throw new Refusal(400, 'unrecognized image format');
      response.writeHead(200).end(`${JSON.stringify({ stream: `Loaded image: ${this.#options.image}\n` })}\n`);
      return undefined;
    }
    if (action === 'push') {
      // As the real one: a good answer whose events end with the error.
      const error = `An image does not exist locally with the tag: ${name}`;
      response.writeHead(200).end(`${JSON.stringify({ status: `The push refers to repository [${name}]` })}\n${JSON.stringify({ errorDetail: { message: error }, error })}\n`);
      return undefined;
    }
    if (parts.length === 2) return [image];
    if (name !== this.#options.image) throw new Refusal(404, `No such image: ${name}`);
    if (action === 'json') return { ...image, Os: 'linux', Architecture: 'amd64' };
    response.writeHead(200).end(`manifest.json ${this.#options.image} ${query.get('platform')}`);
    return undefined;
  }
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly parts: readonly string[];
}

type Filters = { readonly label?: readonly string[]; readonly name?: readonly string[] };

function filtersOf(query: URLSearchParams): Filters {
  return JSON.parse(query.get('filters') ?? '{}') as Filters;
}

function hasLabels(labels: Labels | undefined, { label = [] }: Filters): boolean {
  return label.every((wanted) => {
    const [key = '', value] = wanted.split(/=(.*)/s);
    return value === undefined ? labels?.[key] !== undefined : labels?.[key] === value;
  });
}

function hasName(name: string, filters: Filters): boolean {
  return (filters.name ?? ['']).some((pattern) => new RegExp(pattern).test(name));
}

/** Really binds, so that a second one cannot. */
async function start(container: Container, response: ServerResponse): Promise<undefined> {
  if (container.state === 'running') {
    response.writeHead(304).end();
    return;
  }
  for (const { HostIp, HostPort } of Object.values(container.body.HostConfig.PortBindings).flat()) {
    const server = createTcpServer();
    const isBound = await new Promise<boolean>((resolve) => server.once('error', () => resolve(false)).listen(Number(HostPort), HostIp, () => resolve(true)));
    if (!isBound) throw new Refusal(500, `driver failed programming external connectivity: Bind for ${HostIp}:${HostPort} failed: port is already allocated`);
    container.published.push(server);
  }
  container.state = 'running';
}

async function unpublish(container: Container): Promise<void> {
  await Promise.all(container.published.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
}

async function archive(container: Container, path: string, response: ServerResponse): Promise<undefined> {
  const place = join(container.root, path);
  // Links in the middle of a path are followed, the last part is not.
  if (existsSync(dirname(place)) && !lstatSync(dirname(place)).isDirectory()) throw new Refusal(500, `lstat ${path}: not a directory`);
  const isThere = lstatSync(place, { throwIfNoEntry: false }) !== undefined;
  if (!isThere) throw new Refusal(404, `Could not find the file ${path} in container ${container.id}`);
  response.writeHead(200, { 'content-type': 'application/x-tar' });
  const packed = create({ cwd: dirname(place), portable: true }, [basename(place)]);
  for await (const chunk of packed as AsyncIterable<Buffer>) response.write(chunk);
  response.end();
}

function feedAfterBody(socket: Socket, head: Buffer, length: number, stdin: NodeJS.WritableStream): void {
  let left = length;
  const take = (chunk: Buffer): void => {
    const body = chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
    if (body.length > 0) stdin.write(body);
  };
  take(head);
  socket.on('data', take);
  socket.on('end', () => stdin.end());
}
