import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerdSocket } from './containerd.ts';
import { controlGroupOf, NODE_ADDRESS } from './namespaces.ts';

/** The node's name; its user is `system:node:<name>`. */
export const NODE_NAME = 'e2e';

/** Writes the configuration of the kubelet, and returns its flags. It keeps all its data in `directory`. */
export function kubeletFlags(directory: string, kubeconfig: string): string[] {
  const resolver = join(directory, 'resolv.conf');
  writeFileSync(resolver, '');
  const root = join(directory, 'kubelet');
  mkdirSync(root);
  const config = join(directory, 'kubelet.json');
  writeFileSync(config, JSON.stringify(configuration(directory, resolver)));
  return [
    `--config=${config}`,
    `--kubeconfig=${kubeconfig}`,
    `--root-dir=${root}`,
    `--cert-dir=${join(root, 'pki')}`,
    `--hostname-override=${NODE_NAME}`,
    `--node-ip=${NODE_ADDRESS}`,
  ];
}

function configuration(directory: string, resolvConf: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    containerRuntimeEndpoint: `unix://${containerdSocket(directory)}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: controlGroupOf(directory),
    failCgroupV1: false,
    failSwapOn: false,
    podLogsDir: join(directory, 'pod-logs'),
    volumePluginDir: join(directory, 'volume-plugins'),
    resolvConf,
    // Nobody else can reach the kubelet in these namespaces.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    // Images are loaded once and cannot be pulled again, so a full disk of this machine must not remove them.
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '1Mi' },
  };
}
