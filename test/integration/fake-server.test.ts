import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { findConnection } from '../../src/cluster/connection.ts';
import { createTransport } from '../../src/cluster/transport.ts';
import { converse, CONVERSATION } from '../scenario/cluster/conversation.ts';
import { RECORDED } from '../scenario/cluster/recorded.ts';
import { kubectl } from './support/kubectl.ts';

beforeAll(() => kubectl(['create', 'namespace', 'ssa']));
afterAll(() => kubectl(['delete', 'namespace', 'ssa', '--wait=false']));

it('answers as the recording says, on which the fake API server of the simulation rests', async ({
  onTestFinished,
}) => {
  const { kubeconfig } = inject('controlPlane');
  const transport = createTransport({
    connection: await findConnection({ kubeconfig: [kubeconfig] }),
    userAgent: 'recording',
  });
  onTestFinished(() => transport.close());

  const answers = await converse(transport);

  expect(answers.map((answer, i) => ({ shows: CONVERSATION[i]?.shows, answer }))).toEqual(
    RECORDED.map((answer, i) => ({ shows: CONVERSATION[i]?.shows, answer })),
  );
});
