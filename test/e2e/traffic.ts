import { get } from 'node:http';

/** The answer of a provider. */
export interface Answer {
  readonly version: string;
  readonly pod: string;
  readonly greeting?: string;
  readonly software?: string;
}

/** Who hears nothing for so long was let down; to be slow on a busy machine is not to be away. */
const LONGEST_ANSWER_MS = 30_000;

/** One request, on a connection of its own, without a second try. */
export function ask(url: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent: false, signal: AbortSignal.timeout(LONGEST_ANSWER_MS) }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) {
          resolve(JSON.parse(text) as Answer);
        } else {
          reject(new Error(`${response.statusCode} ${text}`));
        }
      });
    });
    request.on('error', reject);
  });
}

export interface Traffic {
  /** Ends it; what every request came to, in the order in which they were sent. */
  stop(): Promise<{ readonly answers: readonly Answer[]; readonly failures: readonly string[] }>;
}

const PERIOD_MS = 50;

/** Twenty requests a second, whatever becomes of those before. */
export function startTraffic(url: string): Traffic {
  const started = performance.now();
  const requests: Promise<Answer | string>[] = [];
  async function one(): Promise<Answer | string> {
    const at = Math.round(performance.now() - started);
    try {
      return await ask(url);
    } catch (error) {
      return `after ${at} ms: ${String(error)}`;
    }
  }
  const timer = setInterval(() => requests.push(one()), PERIOD_MS);
  return {
    async stop() {
      clearInterval(timer);
      const results = await Promise.all(requests);
      return {
        answers: results.filter((result) => typeof result === 'object'),
        failures: results.filter((result) => typeof result === 'string'),
      };
    },
  };
}
