import type { Call, Transport } from '../../../src/cluster/transport.ts';

/** Gives the answers that it was told to give, in order, and records the calls. */
export class FakeTransport implements Transport {
  readonly calls: Call[] = [];
  readonly answers: unknown[] = [];

  async request<Answer>(call: Call): Promise<Answer> {
    this.calls.push(call);
    const answer = await this.answers.shift();
    if (answer instanceof Error) {
      throw answer;
    }
    return answer as Answer;
  }

  async stream(call: Call): Promise<AsyncIterable<unknown>> {
    this.calls.push(call);
    return ReadableStream.from(this.answers.splice(0));
  }

  async close(): Promise<void> {}
}
