import { ApiError } from '../../../../src/cluster/errors.ts';
import type { Option, Simulation } from '../simulation.ts';

/** The faults between an operator and the server, and in the operator itself. */
export function faultOptions(simulation: Simulation): Option[] {
  const { process, random } = simulation;
  if (!process) {
    return [{ weight: 3, name: 'the operator is started', run: () => simulation.startOperator() }];
  }
  const requests = process.requests.flatMap((request) =>
    // A server that has carried out a request does not answer that it has not.
    ANSWERS.filter(({ isCarriedOut }) => isCarriedOut || request.outcome === undefined).map((answer): Option => ({
      weight: 0.06,
      name: `${answer.name}: ${request.call.doing}`,
      run: () => simulation.exchange.lose(process, request, answer.error(request.call.doing), answer.isCarriedOut),
    })),
  );
  const open = process.watches.filter(({ cursor }) => cursor);
  const watches = open.flatMap((watching): Option[] => {
    const { doing } = watching.call;
    return [
      {
        weight: 0.04,
        name: `cut ${doing}`,
        run: () => process.endWatch(watching, ApiError.unanswered(doing, new Error('ECONNRESET'))),
      },
      { weight: 0.04, name: `end ${doing}`, run: () => process.endWatch(watching) },
      { weight: 0.04, name: `bookmark ${doing}`, run: () => watching.stream.push(watching.cursor?.bookmark() ?? []) },
      ...[410, 500].map((code) => ({
        weight: 0.02,
        name: `${code} in ${doing}`,
        run: () => watching.stream.push([{ type: 'ERROR', object: { kind: 'Status', code, reason: 'Injected' } }]),
      })),
    ];
  });
  const openings = process.watches
    .filter(({ cursor }) => !cursor)
    .map((watching) => ({
      weight: 0.3,
      name: `refuse ${watching.call.doing}`,
      run: () => process.endWatch(watching, refusal(watching.call.doing, random.pick([429, 500, 503, 504]))),
    }));
  return [
    ...requests,
    ...watches,
    ...openings,
    { weight: 0.1, name: 'the past is compacted away', run: () => simulation.server.compact() },
    { weight: 0.15, name: 'crash', run: () => simulation.crash(() => random.chance(0.5)) },
  ];
}

const ANSWERS = [
  { name: 'lose the request', isCarriedOut: false, error: reset },
  { name: 'lose the answer', isCarriedOut: true, error: reset },
  { name: 'refuse with 429', isCarriedOut: false, error: (doing: string) => refusal(doing, 429) },
  { name: 'refuse with 503', isCarriedOut: false, error: (doing: string) => refusal(doing, 503) },
  { name: 'carry out and answer 500', isCarriedOut: true, error: (doing: string) => refusal(doing, 500) },
  { name: 'carry out and answer 504', isCarriedOut: true, error: (doing: string) => refusal(doing, 504) },
] as const;

function reset(doing: string): ApiError {
  return ApiError.unanswered(doing, new Error('ECONNRESET'));
}

function refusal(doing: string, status: number): ApiError {
  const causes = status === 504 ? [{ reason: 'ResourceVersionTooLarge' }] : [];
  const body = { kind: 'Status', reason: 'Injected', message: `injected ${status}`, details: { causes } };
  return ApiError.refused(doing, { status, body, retryAfter: status === 429 ? '1' : undefined });
}
