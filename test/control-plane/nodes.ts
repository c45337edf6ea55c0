import type { AdminRequest } from './admin-requests.ts';

const zones = ['a', 'b', 'c'];

/** Creates the Node objects that kwok plays, spread over three zones. kwok only adopts nodes that are there already. */
export async function createNodes(send: AdminRequest, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const name = `node-${i + 1}`;
    const answer = await send('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        annotations: { 'kwok.x-k8s.io/node': 'fake' },
        labels: {
          'kubernetes.io/hostname': name,
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': 'amd64',
          'topology.kubernetes.io/region': 'test',
          'topology.kubernetes.io/zone': zones[i % zones.length],
        },
      },
    });
    if (answer.code !== 201) {
      throw new Error(`Cannot create node "${name}": ${answer.code} ${answer.text}`);
    }
  }
}

/** Whether pods can be created and scheduled: nodes are Ready and untainted, and `default` has its service account. */
export async function isUsable(send: AdminRequest, nodes: number): Promise<boolean> {
  const account = await send('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  if (account.code !== 200) {
    return false;
  }
  const answer = await send('GET', '/api/v1/nodes');
  const { items } = JSON.parse(answer.text) as { items: readonly NodeObject[] };
  return items.filter(isReady).length === nodes;
}

interface NodeObject {
  readonly spec: { readonly taints?: readonly unknown[] };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function isReady({ spec, status }: NodeObject): boolean {
  const ready = status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True');
  return ready === true && (spec.taints ?? []).length === 0;
}
