import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The image of the container that holds a pod's namespaces. */
export const PAUSE_IMAGE = 'node.invalid/pause:1';

const POD_NETWORK = '10.244.0.0/24';

export function containerdSocket(directory: string): string {
  return join(directory, 'containerd.sock');
}

/** Writes the configuration of containerd, and returns its flags. It keeps all its data in `directory`. */
export function containerdFlags(directory: string): string[] {
  const network = join(directory, 'cni');
  mkdirSync(network);
  writeFileSync(join(network, 'pods.conflist'), JSON.stringify(podNetwork(directory)));
  const config = join(directory, 'containerd.toml');
  writeFileSync(config, configText(directory, network));
  return [`--config=${config}`];
}

function configText(directory: string, network: string): string {
  // A JSON string is also a TOML string.
  const text = JSON.stringify;
  return `version = 2
root = ${text(join(directory, 'containerd'))}
state = ${text('/run/containerd')}
[grpc]
  address = ${text(containerdSocket(directory))}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${text(PAUSE_IMAGE)}
  # A node inside a container may not lower it.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${text(network)}
`;
}

/** The pod network uses point-to-point links, so that traffic between pods passes the packet filter that makes Services. */
function podNetwork(directory: string): object {
  return {
    cniVersion: '1.0.0',
    name: 'pods',
    plugins: [
      {
        type: 'ptp',
        ipam: {
          type: 'host-local',
          dataDir: join(directory, 'addresses'),
          ranges: [[{ subnet: POD_NETWORK }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  };
}
