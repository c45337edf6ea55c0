import { open } from 'node:fs/promises';

/** One answered request, as the apiserver's audit log has it. A watch has two: its start and its end. */
export interface AuditEvent {
  readonly stage: 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  readonly verb: string;
  readonly user: string;
  readonly userAgent: string;
  readonly group: string;
  /** The resource; the path if the request is for none: `/version`. */
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** The field manager that a write names; empty where it names none. */
  readonly manager: string;
  readonly code: number;
  /** When the apiserver had read the request, and when it logged this stage; in milliseconds with three decimals. */
  readonly receivedAt: number;
  readonly loggedAt: number;
}

export interface AuditRead {
  readonly events: readonly AuditEvent[];
  /** The offset from which the next read goes on. */
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

const LONGEST_LINE = 256 * 1024;

/** Returns the offset of the log's end. A line that is still being written comes after it. */
export async function auditEnd(path: string): Promise<number> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - LONGEST_LINE);
    const tail = Buffer.alloc(size - from);
    await file.read(tail, 0, tail.length, from);
    return from + tail.lastIndexOf('\n') + 1;
  } finally {
    await file.close();
  }
}

const PIECE = 4 * 1024 * 1024;

/** The events that were logged since `fromOffset`, however many: never more than a few megabytes of them are in memory. */
export async function* auditEvents(path: string, fromOffset: number): AsyncGenerator<AuditEvent> {
  const file = await open(path);
  try {
    const piece = Buffer.alloc(PIECE);
    const decoder = new TextDecoder();
    let rest = '';
    let offset = fromOffset;
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, PIECE, offset);
      if (bytesRead === 0) {
        return;
      }
      offset += bytesRead;
      const lines = (rest + decoder.decode(piece.subarray(0, bytesRead), { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        yield eventFromLine(line);
      }
    }
  } finally {
    await file.close();
  }
}

interface AuditLine {
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly stage: AuditEvent['stage'];
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly requestURI: string;
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
  const { stage, verb, user, userAgent, requestURI, objectRef, responseStatus, ...times } = JSON.parse(
    line,
  ) as AuditLine;
  return {
    stage,
    verb,
    user: user.username,
    userAgent: userAgent ?? '',
    group: objectRef?.apiGroup ?? '',
    resource: objectRef?.resource ?? requestURI,
    subresource: objectRef?.subresource ?? '',
    namespace: objectRef?.namespace ?? '',
    name: objectRef?.name ?? '',
    manager: /[?&]fieldManager=([^&]*)/.exec(requestURI)?.[1] ?? '',
    code: responseStatus?.code ?? 0,
    receivedAt: milliseconds(times.requestReceivedTimestamp),
    loggedAt: milliseconds(times.stageTimestamp),
  };
}

/** Returns the milliseconds of a time with the microseconds, which `Date` cuts off. */
function milliseconds(time: string): number {
  const [, micros = '0'] = /\.\d{3}(\d{1,3})Z$/.exec(time) ?? [];
  return Date.parse(time) + Number(`0.${micros}`);
}
