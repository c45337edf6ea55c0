import { apply, eventually, get, type KubernetesObject } from './kubectl.ts';

interface QuotaObject extends KubernetesObject {
  readonly status: { readonly hard?: Readonly<Record<string, string>>; readonly used?: object };
}

/** Sets a quota for the pods of a namespace, and waits until Kubernetes has counted their present use. */
export async function setQuota(namespace: string, hard: Readonly<Record<string, string>>): Promise<void> {
  await apply({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'all', namespace }, spec: { hard } });
  await eventually(async () => {
    const { status } = await get<QuotaObject>('resourcequota', 'all', namespace);
    return status.used !== undefined && Object.entries(hard).every(([what, much]) => status.hard?.[what] === much);
  });
}
