import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';

/** One Go module of `tools/`: its go.mod pins a version, its `tool` directive says what is built. */
export interface GoModule {
  readonly name: string;
  readonly version: string;
  readonly directory: string;
  readonly ldflags: string;
  /** The outputs of `go build`, with the names that we give them. */
  readonly outputs: Readonly<Record<string, string>>;
}

const toolsDirectory = join(import.meta.dirname, 'tools');

/** The modules in the order in which they are built: the quick ones first, so that a broken toolchain shows early. */
export function readGoModules(): GoModule[] {
  const kubernetes = versionIn('kubernetes', 'k8s.io/kubernetes');
  return [
    {
      name: 'etcd',
      version: versionIn('etcd', 'go.etcd.io/etcd/server/v3'),
      directory: join(toolsDirectory, 'etcd'),
      ldflags: '-s -w',
      outputs: { server: 'etcd' },
    },
    {
      name: 'kwok',
      version: versionIn('kwok', 'sigs.k8s.io/kwok'),
      directory: join(toolsDirectory, 'kwok'),
      ldflags: '-s -w',
      outputs: { kwok: 'kwok' },
    },
    {
      name: 'kubernetes',
      version: kubernetes,
      directory: join(toolsDirectory, 'kubernetes'),
      ldflags: `-s -w ${kubernetesStamp(kubernetes)}`,
      outputs: {
        'kube-apiserver': 'kube-apiserver',
        'kube-controller-manager': 'kube-controller-manager',
        'kube-scheduler': 'kube-scheduler',
        kubectl: 'kubectl',
      },
    },
  ];
}

/**
 * The programs of a real node. They have a cache of their own, so that nobody who only needs the control plane builds a
 * kubelet.
 */
export function readNodeModule(): GoModule {
  const version = versionIn('node', 'k8s.io/kubernetes');
  return {
    name: 'node',
    version,
    directory: join(toolsDirectory, 'node'),
    ldflags: `-s -w ${kubernetesStamp(version)}`,
    outputs: { kubelet: 'kubelet', 'kube-proxy': 'kube-proxy' },
  };
}

/** Tools that tests run beside the control plane; each is built when a test first asks for it. */
const TOOLS = {
  helm: { path: 'helm.sh/helm/v4', stamp: 'helm.sh/helm/v4/internal/version.version' },
  kubeconform: { path: 'github.com/yannh/kubeconform', stamp: 'main.version' },
} as const;
export type GoTool = keyof typeof TOOLS;

export function readGoTool(name: GoTool): GoModule {
  const { path, stamp } = TOOLS[name];
  const version = versionIn(name, path);
  return {
    name,
    version,
    directory: join(toolsDirectory, name),
    ldflags: `-s -w -X ${stamp}=v${version}`,
    outputs: { [name]: name },
  };
}

/** Names one set of binaries: readable versions, and a hash of everything that decides what they are made of. */
export function cacheKey(modules: readonly GoModule[]): string {
  const hash = createHash('sha256').update(`${platform()} ${arch()}`);
  for (const module of modules) {
    hash.update(JSON.stringify([module.name, module.ldflags, module.outputs]));
    hash.update(readFileSync(join(module.directory, 'go.mod')));
    hash.update(readFileSync(join(module.directory, 'go.sum')));
  }
  const versions = modules.map((m) => `${m.name}-${m.version}`).toReversed();
  return `${versions.join('_')}_${hash.digest('hex').slice(0, 8)}`;
}

function versionIn(folder: string, path: string): string {
  const text = readFileSync(join(toolsDirectory, folder, 'go.mod'), 'utf8');
  const line = text.split('\n').find((l) => l.trim().startsWith(`${path} v`));
  const version = /\sv(\S+)/.exec(line ?? '')?.[1];
  if (version === undefined) {
    throw new Error(`Cannot find the version of "${path}" in tools/${folder}/go.mod`);
  }
  return version;
}

/** Without this stamp, the servers report the version `v0.0.0-master+$Format`, which clients refuse to parse. */
function kubernetesStamp(version: string): string {
  const [major, minor] = version.split('.');
  const stamps = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' };
  return Object.entries(stamps)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
}
