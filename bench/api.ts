import { Client, Pool, type Dispatcher } from 'undici';
import { jsonLines } from '../src/cluster/json-lines.ts';
import { readKubeconfig } from './kubeconfig.ts';

/**
 * Requests to the API server for the load, the floor and the observer. They do not use the operator's own transport, so
 * that its cost shows in the ratio.
 */
export interface Api {
  request<Answer>(call: Call): Promise<Answer>;
  /** Yields the parsed lines of a watch, until the signal aborts. */
  stream(path: string, signal: AbortSignal): AsyncIterable<unknown>;
  close(): Promise<void>;
}

interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** Sends requests as the user of a kubeconfig of the test control plane. */
export function createApi(kubeconfig: string, userAgent: string, connections = 16): Api {
  const { clusters, users } = readKubeconfig(kubeconfig);
  const [{ cluster }] = clusters;
  const [{ user }] = users;
  const headers = { accept: 'application/json', authorization: `Bearer ${user.token}`, 'user-agent': userAgent };
  const connect = { ca: Buffer.from(cluster['certificate-authority-data'], 'base64') };
  const pool = new Pool(cluster.server, { connect, connections });

  return {
    async request<Answer>({ method, path, body, contentType = 'application/json' }: Call) {
      const response = await pool.request({
        method,
        path,
        headers: body === undefined ? headers : { ...headers, 'content-type': contentType },
        body: body === undefined ? null : textOf(body),
      });
      return JSON.parse(await textOfSuccess(response, `${method} ${path}`)) as Answer;
    },
    async *stream(path, signal) {
      const client = new Client(cluster.server, { connect, bodyTimeout: 0 });
      try {
        const response = await client.request({ method: 'GET', path, headers, signal });
        if (response.statusCode !== 200) {
          await textOfSuccess(response, `GET ${path}`);
        }
        yield* jsonLines(response.body);
      } catch (error) {
        if (!signal.aborted) {
          throw error;
        }
      } finally {
        await client.destroy();
      }
    },
    close: () => pool.close(),
  };
}

/** Returns the body as JSON; a string is sent as it is. */
function textOf(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

async function textOfSuccess({ statusCode, body }: Dispatcher.ResponseData, doing: string): Promise<string> {
  const text = await body.text();
  if (statusCode < 200 || statusCode > 299) {
    throw new Error(`${doing}: ${statusCode} ${text.slice(0, 500)}`);
  }
  return text;
}
