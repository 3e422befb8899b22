import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { kindError } from '../../../src/clusters/kind/failure.ts';
import { planOf } from './kind-world.ts';

const FOLDER = new URL('../../fixtures/kind/', import.meta.url);
const read = (name: string) => readFileSync(new URL(`${name}.txt`, FOLDER), 'utf8');
const failed = (output: string, evidence = '', exitCode = 1) => kindError({ plan: planOf(), output, evidence, exitCode });

/** Recorded from kind 0.33.0: code, exit code, and what the one line of the reason holds. */
const RECORDED: { readonly [name: string]: readonly [code: string, exit: number, reason: RegExp] } = {
  'port-allocated': ['kind-port-taken', 3, /^driver failed.*port is already allocated/],
  'port-in-use': ['kind-port-taken', 3, /^driver failed.*bind: address already in use/],
  'already-exists': ['kind-name-taken', 3, /already exist for a cluster/],
  'name-in-use': ['kind-name-taken', 3, /^Conflict\. The container name/],
  'unknown-field': ['kind-too-old', 3, /unable to decode config/],
  'unknown-flag': ['kind-too-old', 3, /unknown flag: --nope/],
  'registry-out-of-reach': ['kind-image-unreachable', 1, /registry-1\.docker\.io|failed to pull image/],
  'no-engine': ['docker-not-running', 3, /Cannot connect to the Docker daemon/],
  'no-boot': ['kind-node-boot', 1, /could not find a log line/],
  kubeadm: ['kind-kubeadm', 1, /^this version of kubeadm only supports/],
};

describe('recorded failures of kind', () => {
  test('each recording is expected to be something', () => {
    const recorded = readdirSync(FOLDER).map((file) => file.replace(/\.txt$/, '')).filter((name) => name !== 'success');
    expect(recorded.sort()).toEqual(Object.keys(RECORDED).sort());
  });

  test.each(Object.entries(RECORDED))('%s', (name, [code, exit, reason]) => {
    const error = failed(read(name));
    expect(error).toMatchObject({ code, exit, reason: expect.stringMatching(reason) });
    expect(error.reason).not.toContain('\n');
    expect(error.hints.filter((hint) => hint.command !== undefined)).toHaveLength(1);
    expect(error.details?.['log']).not.toEqual([]);
  });

  test('the port is named', () => expect(failed(read('port-in-use')).message).toContain('port 8080 '));
});

describe('failures told by others', () => {
  test.each([
    ['kind-rate-limited', 'Error response from daemon: toomanyrequests: You have reached your pull rate limit. You may increase the limit by authenticating'],
    ['kind-image-missing', 'failed to pull image "kindest/node:v9": Error response from daemon: manifest for kindest/node:v9 not found: manifest unknown'],
    ['kind-disk-full', 'docker: Error response from daemon: mkdir /var/lib/docker/overlay2/x: no space left on device'],
    ['docker-cli-missing', 'failed to get docker info: exec: "docker": executable file not found in $PATH'],
    ['kind-port-forbidden', 'Error starting userland proxy: error while calling PortManager.AddPort(): cannot expose privileged port 80, you can add …'],
    ['kind-port-taken', 'Ports are not available: exposing port TCP 127.0.0.1:8080 -> 0.0.0.0:0: listen tcp 127.0.0.1:8080: bind: address already in use'],
    ['kind-rootless-limits', 'ERROR: failed to create cluster: running kind with rootless provider requires setting systemd property "Delegate=yes", see …'],
  ])('%s', (code, output) => expect(failed(output)).toMatchObject({ code }));

  test('what the node says of its boot tells more than that it did not boot', () => {
    const error = failed(read('no-boot'), 'Failed to create control group inotify object: Too many open files');
    expect(error).toMatchObject({ code: 'kind-inotify', reason: expect.stringContaining('Too many open files') });
    expect(error.hints[0]?.command).toContain('sysctl');
  });

  test('the kubelet tells why kubeadm waited in vain', () => {
    const journal = [
      'E1121 12:03:32.594132 201 event.go:368] "Unable to write event" err="dial tcp 172.25.0.2:6443: connect: connection refused"',
      'E1121 12:03:32.471591 201 kuberuntime_manager.go:1343] "CreatePodSandbox for pod failed" err="expected cgroupsPath to be of format"',
      'E1121 12:03:33.016881 201 controller.go:145] "Failed to ensure lease exists" err="connect: connection refused"',
    ].join('\n');
    expect(failed(read('kubeadm'), journal).reason).toContain('expected cgroupsPath');
    expect(failed(read('kubeadm'), 'kubelet is configured to not run on a host using cgroup v1').code).toBe('kind-cgroup-v1');
  });

  test('what is busy or slow inside the node is not taken for a registry', () => {
    expect(failed(read('kubeadm'), 'E1 "Failed" err="dial tcp: lookup api on 10.0.0.1:53: no such host"\nstatus="429 Too Many Requests"\ni/o timeout').code).toBe('kind-kubeadm');
    expect(failed('failed to pull image "x": received unexpected HTTP status: 429 Too Many Requests').code).toBe('kind-rate-limited');
  });

  test('ended by a signal, and an end that nobody knows', () => {
    expect(failed(' • Preparing nodes 📦   ...', '', 137)).toMatchObject({ code: 'kind-killed', message: expect.stringContaining('signal 9') });
    expect(failed('ERROR: failed to create cluster: something new')).toMatchObject({ code: 'kind-failed', reason: 'failed to create cluster: something new' });
    expect(failed('')).toMatchObject({ code: 'kind-failed', reason: 'it said nothing' });
  });
});
