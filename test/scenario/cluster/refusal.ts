import type { StatusCause } from '../../../src/cluster/errors.ts';

/** The fake API server's refusal of a request: an HTTP status and a body of `kind: Status`. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly body: object;

  constructor(status: number, reason: string, message: string, causes: readonly StatusCause[] = []) {
    super(message);
    this.status = status;
    this.body = { kind: 'Status', status: 'Failure', code: status, reason, message, details: { causes } };
  }
}

export function notFound(what: string): Refused {
  return new Refused(404, 'NotFound', `${what} not found`);
}

export function conflict(message: string): Refused {
  return new Refused(409, 'Conflict', `Operation cannot be fulfilled: ${message}`);
}

export function immutable(message: string, field: string): Refused {
  return new Refused(422, 'Invalid', message, [{ reason: 'FieldValueInvalid', message: 'field is immutable', field }]);
}

export function required(what: string, field: string): Refused {
  const cause = { reason: 'FieldValueRequired', message: 'Required value', field };
  return new Refused(422, 'Invalid', `${what} is invalid: ${field}: Required value`, [cause]);
}

export function secondController(what: string): Refused {
  const field = 'metadata.ownerReferences';
  const message = 'Only one reference can have Controller set to true';
  const cause = { reason: 'FieldValueInvalid', message, field };
  // A real API server names the cause three times.
  return new Refused(422, 'Invalid', `${what} is invalid: ${field}: ${message}`, [cause, cause, cause]);
}
