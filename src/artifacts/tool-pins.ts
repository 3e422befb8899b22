// The tools that devstack runs: which version, from where, and what is recent enough on PATH. Data.
import type { Platform } from '../ports.ts';

export interface ToolPin {
  readonly name: string;
  /** Fetched when PATH has none that is recent enough. */
  readonly version: string;
  /** The oldest that will do. */
  readonly minimum: string;
  /** Prints its version, and nothing that needs a network or a cluster. */
  readonly versionCommand: readonly string[];
  /** Finds the version in what that prints. */
  readonly versionPattern: RegExp;
  readonly platforms: readonly `${Platform['os']}/${Platform['arch']}`[];
  url(os: Platform['os'], arch: Platform['arch']): string;
  /** The publisher's own hash: `<hex>` or `<hex>  <file>`. It is checked against, and pinned at the first use. */
  readonly checksumSuffix: string;
}

const ANY_VERSION = /v?(\d+\.\d+\.\d+)/;
const exe = (os: Platform['os']): string => (os === 'windows' ? '.exe' : '');

export const TOOL_PINS: readonly ToolPin[] = [
  {
    name: 'kind', version: '0.33.0', minimum: '0.33.0',
    versionCommand: ['version', '-q'], versionPattern: ANY_VERSION,
    platforms: ['linux/amd64', 'linux/arm64', 'darwin/amd64', 'darwin/arm64', 'windows/amd64'],
    // No `.exe` in upstream's name, also on Windows.
    url: (os, arch) => `https://github.com/kubernetes-sigs/kind/releases/download/v0.33.0/kind-${os}-${arch}`,
    checksumSuffix: '.sha256sum',
  },
  {
    name: 'kubectl', version: '1.36.4', minimum: '1.34.0',
    versionCommand: ['version', '--client', '-o', 'json'], versionPattern: /"gitVersion":\s*"v(\d+\.\d+\.\d+)/,
    platforms: ['linux/amd64', 'linux/arm64', 'darwin/amd64', 'darwin/arm64', 'windows/amd64', 'windows/arm64'],
    url: (os, arch) => `https://dl.k8s.io/release/v1.36.4/bin/${os}/${arch}/kubectl${exe(os)}`,
    checksumSuffix: '.sha256',
  },
  {
    name: 'minikube', version: '1.39.0', minimum: '1.38.1',
    versionCommand: ['version', '--short'], versionPattern: ANY_VERSION,
    platforms: ['linux/amd64', 'linux/arm64', 'darwin/amd64', 'darwin/arm64', 'windows/amd64'],
    url: (os, arch) => `https://github.com/kubernetes/minikube/releases/download/v1.39.0/minikube-${os}-${arch}${exe(os)}`,
    checksumSuffix: '.sha256',
  },
];
