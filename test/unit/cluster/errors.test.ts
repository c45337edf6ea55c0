import { describe, expect, it } from 'vitest';
import { ApiError, isNotFound, isTaken } from '../../../src/cluster/errors.ts';

function status(message: string, details?: object): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Whatever', message, details };
}

const conflicts = {
  causes: [
    { reason: 'FieldManagerConflict', message: 'conflict with "kubectl" using apps/v1', field: '.spec.replicas' },
    { reason: 'SomethingElse', message: 'x', field: '.y' },
  ],
};
const terminating = { causes: [{ reason: 'NamespaceTerminating', message: 'namespace shop is being terminated' }] };

it.each`
  code   | what                               | body                                                      | retry
  ${409} | ${'somebody was faster'}           | ${status('the object has been modified')}                 | ${'now'}
  ${409} | ${'another manager has the field'} | ${status('Apply failed with 1 conflict', conflicts)}      | ${'backoff'}
  ${400} | ${'we sent nonsense'}              | ${status('the body is no JSON')}                          | ${'never'}
  ${401} | ${'the token has just expired'}    | ${status('Unauthorized')}                                 | ${'backoff'}
  ${403} | ${'a right is missing'}            | ${status('deployments.apps "web" is forbidden')}          | ${'never'}
  ${403} | ${'the namespace goes away'}       | ${status('forbidden: unable to create', terminating)}     | ${'never'}
  ${403} | ${'a quota is used up'}            | ${status('pods "x" is forbidden: exceeded quota: small')} | ${'backoff'}
  ${404} | ${'there is no such thing'}        | ${status('deployments.apps "web" not found')}             | ${'never'}
  ${405} | ${'this can not be done'}          | ${status('the server does not allow this method')}        | ${'never'}
  ${408} | ${'it took too long'}              | ${status('timeout')}                                      | ${'backoff'}
  ${413} | ${'it is too big'}                 | ${status('Request entity too large')}                     | ${'never'}
  ${415} | ${'it is in the wrong format'}     | ${status('the media type is unsupported')}                | ${'never'}
  ${422} | ${'it is invalid'}                 | ${status('spec.replicas: Invalid value: -1')}             | ${'never'}
  ${429} | ${'we ask too much'}               | ${status('too many requests')}                            | ${'backoff'}
  ${500} | ${'a webhook is down'}             | ${status('Internal error occurred: failed calling')}      | ${'backoff'}
  ${503} | ${'a proxy has nobody to ask'}     | ${'<html>no upstream</html>'}                             | ${'backoff'}
  ${504} | ${'etcd is slow'}                  | ${status('request timed out')}                            | ${'backoff'}
`('a $code because $what is retried: $retry', ({ code, body, retry }) => {
  expect(ApiError.refused('Apply x', { status: code, body })).toMatchObject({ status: code, retry });
});

describe('an error', () => {
  it('says what we were doing, then why it failed', () => {
    const error = ApiError.refused('Apply deployments.apps "shop/web"', {
      status: 422,
      body: status('replicas: Invalid'),
    });

    expect(error.message).toBe('Apply deployments.apps "shop/web": replicas: Invalid');
    expect(error.reason).toBe('Whatever');
  });

  it.each`
    body                      | message
    ${'<h1>Bad Gateway</h1>'} | ${'List x: <h1>Bad Gateway</h1>'}
    ${''}                     | ${'List x: HTTP 502'}
    ${{ error: 'not ours' }}  | ${'List x: HTTP 502'}
    ${'x'.repeat(5000)}       | ${`List x: ${'x'.repeat(200)}`}
  `('makes the best of an answer that is no Status: $message', ({ body, message }) => {
    expect(ApiError.refused('List x', { status: 502, body }).message).toBe(message);
  });

  it('without an answer says so, keeps its cause and is worth a retry', () => {
    const cause = new Error('connect ECONNREFUSED');

    expect(ApiError.unanswered('List x', cause)).toMatchObject({
      message: 'List x: connect ECONNREFUSED',
      status: 0,
      retry: 'backoff',
      cause,
    });
  });

  it.each`
    header                             | seconds      | retryAfterMs
    ${'3'}                             | ${undefined} | ${3000}
    ${undefined}                       | ${7}         | ${7000}
    ${'3'}                             | ${7}         | ${3000}
    ${'0'}                             | ${undefined} | ${undefined}
    ${'Wed, 21 Oct 2026 07:28:00 GMT'} | ${undefined} | ${undefined}
  `('that is to wait $header or $seconds seconds waits $retryAfterMs ms', ({ header, seconds, retryAfterMs }) => {
    const body = status('wait', { retryAfterSeconds: seconds });

    expect(ApiError.refused('x', { status: 429, body, retryAfter: header }).retryAfterMs).toBe(retryAfterMs);
  });

  it.each`
    status | causes                                                                  | taken
    ${409} | ${conflicts.causes}                                                     | ${true}
    ${409} | ${undefined}                                                            | ${false}
    ${422} | ${[{ reason: 'FieldValueInvalid', field: 'metadata.ownerReferences' }]} | ${true}
    ${422} | ${[{ reason: 'FieldValueInvalid', field: 'spec.ports' }]}               | ${false}
  `('of status $status because of $causes means that the name is taken: $taken', ({ status: code, causes, taken }) => {
    const error = ApiError.refused('Apply x', { status: code, body: status('Apply failed', { causes }) });

    expect(isTaken(error)).toBe(taken);
  });

  it.each`
    error                                               | notFound
    ${ApiError.refused('x', { status: 404, body: '' })} | ${true}
    ${ApiError.refused('x', { status: 410, body: '' })} | ${false}
    ${Object.assign(new Error('x'), { status: 404 })}   | ${false}
    ${undefined}                                        | ${false}
  `('$error is of something that is not there: $notFound', ({ error, notFound }) => {
    expect(isNotFound(error)).toBe(notFound);
  });
});
