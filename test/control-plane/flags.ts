import { join } from 'node:path';
import type { Access } from './access.ts';

/** Where one control plane lives. */
export interface Place {
  readonly directory: string;
  readonly access: Access;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly apiPort: number;
  /** An address of this machine that the pods of a real node reach. Without it, the apiserver listens on loopback only. */
  readonly address?: string | undefined;
}

/** The address range of Services. */
export const SERVICE_RANGE = '10.96.0.0/16';

export function etcdFlags({ directory, etcdPort, etcdPeerPort }: Place): string[] {
  const client = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${etcdPeerPort}`;
  return [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // Nobody needs this data after a power cut.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

export function apiServerFlags({ directory, access, etcdPort, apiPort, address }: Place): string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    ...(address === undefined ? hiddenFlags : reachableFlags(address)),
    `--secure-port=${apiPort}`,
    `--cert-dir=${access.certificateDirectory}`,
    `--token-auth-file=${access.tokenFile}`,
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${access.serviceAccountKey}`,
    `--service-account-signing-key-file=${access.serviceAccountKey}`,
    '--allow-privileged=true',
    `--audit-policy-file=${join(import.meta.dirname, 'audit-policy.yaml')}`,
    `--audit-log-path=${join(directory, 'audit.log')}`,
    // An event is in the file before the client has its answer. There is one file, so that an offset stays valid.
    '--audit-log-mode=blocking',
    '--audit-log-maxsize=0',
  ];
}

const hiddenFlags = [
  '--bind-address=127.0.0.1',
  // This address is announced in the `kubernetes` Endpoints, which refuse a loopback address. Nobody connects to it
  // (TEST-NET-1).
  '--advertise-address=192.0.2.1',
  '--authorization-mode=RBAC',
];

/**
 * The flags for a real node: its pods reach the apiserver, its kubelet has the rights of a kubelet, and the apiserver
 * reaches the kubelet for logs and exec.
 */
function reachableFlags(address: string): string[] {
  return [
    '--bind-address=0.0.0.0',
    `--advertise-address=${address}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--kubelet-preferred-address-types=InternalIP',
  ];
}

export function controllerManagerFlags({ directory, access }: Place): string[] {
  return [
    `--kubeconfig=${access.kubeconfig('system:kube-controller-manager')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--use-service-account-credentials',
    `--service-account-private-key-file=${access.serviceAccountKey}`,
    `--root-ca-file=${access.certificate}`,
    // By default the controller-manager makes a directory in the host's /usr/libexec.
    `--flex-volume-plugin-dir=${join(directory, 'volume-plugins')}`,
    // The defaults throttle at 20 requests a second, which would hide how fast an operator is.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
    '--concurrent-deployment-syncs=20',
    '--concurrent-replicaset-syncs=20',
  ];
}

export function schedulerFlags({ access }: Place): string[] {
  return [
    `--kubeconfig=${access.kubeconfig('system:kube-scheduler')}`,
    '--leader-elect=false',
    '--secure-port=0',
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

export function kwokFlags({ access }: Place, stages: readonly string[]): string[] {
  return [
    `--kubeconfig=${access.kubeconfig('kwok')}`,
    '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake',
    // kwok renews the nodes' Leases. Without that, a node and its pods are given up after 50 s.
    '--node-lease-duration-seconds=40',
    '--cidr=10.244.0.0/16',
    '--node-ip=192.0.2.1',
    ...stages.map((stage) => `--config=${stage}`),
  ];
}
