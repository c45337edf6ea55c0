import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';

/** The few requests that booting needs, as the administrator. Resolves to the answer's status code and body. */
export type AdminRequest = (method: 'GET' | 'POST', path: string, body?: unknown) => Promise<Answer>;

export interface Answer {
  readonly code: number;
  readonly text: string;
}

/** Longer than a newly started apiserver takes for one request on a busy machine. */
const LONGEST_SILENCE_MS = 30_000;

export function createAdminRequest(server: string, certificate: string, token: string): AdminRequest {
  const agent = new Agent({ ca: readFileSync(certificate) });
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const sent = request(
        new URL(path, server),
        { method, headers, agent, timeout: LONGEST_SILENCE_MS },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
          });
          response.on('end', () => resolve({ code: response.statusCode ?? 0, text }));
          response.on('error', reject);
        },
      );
      sent.on('timeout', () => sent.destroy(new Error(`no answer within ${LONGEST_SILENCE_MS / 1000} s`)));
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}
