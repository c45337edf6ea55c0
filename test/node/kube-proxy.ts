import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NODE_NAME } from './kubelet.ts';

/** Writes the configuration of kube-proxy, and returns its flags. */
export function kubeProxyFlags(directory: string, kubeconfig: string): string[] {
  const config = join(directory, 'kube-proxy.json');
  const content = {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig },
    mode: 'nftables',
    hostnameOverride: NODE_NAME,
    // These limits can only be set in the machine's own network namespace.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
  writeFileSync(config, JSON.stringify(content));
  return [`--config=${config}`];
}
