import { open } from 'node:fs/promises';

/** One answered request, as the apiserver's audit log has it. A watch has two: its start and its end. */
export interface AuditEvent {
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  readonly verb: string;
  readonly user: string;
  readonly userAgent: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
}

export interface AuditRead {
  readonly events: readonly AuditEvent[];
  /** Where the next read goes on. */
  readonly nextOffset: number;
}

/** Reads what was logged since `fromOffset`. A line that is still being written is left for the next read. */
export async function readAudit(path: string, fromOffset: number): Promise<AuditRead> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.max(0, size - fromOffset));
    await file.read(buffer, 0, buffer.length, fromOffset);
    const complete = buffer.subarray(0, buffer.lastIndexOf('\n') + 1);
    const lines = complete.toString('utf8').split('\n').filter(Boolean);
    return { events: lines.map(eventFromLine), nextOffset: fromOffset + complete.length };
  } finally {
    await file.close();
  }
}

interface AuditLine {
  readonly stage: AuditEvent['stage'];
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
}

function eventFromLine(line: string): AuditEvent {
  const { stage, verb, user, userAgent, objectRef, responseStatus } = JSON.parse(line) as AuditLine;
  return {
    stage,
    verb,
    user: user.username,
    userAgent: userAgent ?? '',
    group: objectRef?.apiGroup ?? '',
    resource: objectRef?.resource ?? '',
    subresource: objectRef?.subresource ?? '',
    namespace: objectRef?.namespace ?? '',
    name: objectRef?.name ?? '',
    code: responseStatus?.code ?? 0,
  };
}
