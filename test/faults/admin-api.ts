import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { parse } from 'yaml';
import { collectionPath, objectPath, type ObjectName, type Resource } from '../../src/cluster/resource.ts';

/**
 * The requests of people in the meantime: they go straight to the apiserver, past every fault. A kubectl for each look
 * would take more of the two cores than the operator does.
 */
export interface AdminApi {
  /** Applies an object, which names its own kind, by server-side apply. */
  apply(resource: Resource, object: object): Promise<void>;
  list<Item>(resource: Resource, namespace?: string): Promise<readonly Item[]>;
  /** Deletes an object. It is no error if the object is gone already. */
  remove(resource: Resource, name: ObjectName): Promise<void>;
  close(): Promise<void>;
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly { readonly user: { readonly token: string } }[];
}

const RETRY_AFTER_MS = 500;

/** Takes a kubeconfig of our control planes, which have one cluster, and one user with a token. */
export function createAdminApi(kubeconfig: string): AdminApi {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const { server, 'certificate-authority-data': authority } = clusters[0]!.cluster;
  const agent = new Agent({ connect: { ca: Buffer.from(authority, 'base64') } });

  async function send(method: 'GET' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<unknown> {
    const { statusCode, body: answer } = await agent.request({
      origin: server,
      method,
      path,
      headers: {
        authorization: `Bearer ${users[0]!.user.token}`,
        'content-type': method === 'PATCH' ? 'application/apply-patch+yaml' : 'application/json',
      },
      body: body ? JSON.stringify(body) : null,
    });
    const text = await answer.text();
    if (statusCode === 429) {
      // A newly started apiserver answers 429 until it has filled its caches.
      await sleep(RETRY_AFTER_MS);
      return send(method, path, body);
    }
    if (statusCode > 299 && !(method === 'DELETE' && statusCode === 404)) {
      throw new Error(`${method} ${path}: ${text}`);
    }
    return JSON.parse(text);
  }

  return {
    async apply(resource, object) {
      const { metadata } = object as { readonly metadata: ObjectName };
      await send('PATCH', `${objectPath(resource, metadata)}?fieldManager=tenant&force=true`, object);
    },
    async list<Item>(resource: Resource, namespace?: string) {
      const { items } = (await send('GET', collectionPath(resource, namespace))) as { readonly items: readonly Item[] };
      return items;
    },
    async remove(resource, name) {
      await send('DELETE', objectPath(resource, name));
    },
    close: () => agent.destroy(),
  };
}
