import { get } from 'node:http';

/** The answer of a provider. */
export interface Answer {
  readonly version: string;
  readonly pod: string;
  readonly greeting?: string;
  readonly software?: string;
}

/** A request without an answer for so long has failed. On a busy machine, a slow answer is not an outage. */
const LONGEST_ANSWER_MS = 30_000;

/** Sends one request on a connection of its own, without a second try. */
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
  /** Ends the traffic and returns the result of every request, in the order in which they were sent. */
  stop(): Promise<{ readonly answers: readonly Answer[]; readonly failures: readonly string[] }>;
}

const PERIOD_MS = 50;

/** Sends twenty requests a second, also while earlier ones are unanswered. */
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
