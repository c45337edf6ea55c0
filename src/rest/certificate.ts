import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { systemClock, type Cancel, type Clock } from '../controller/clock.ts';

const EVERY_MS = 10_000;

/** A certificate, with those that lead to its authority, and its key: both in PEM, and they belong together. */
export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

interface WatchOptions {
  /** Where a Secret of the type kubernetes.io/tls is mounted. */
  readonly folder: string;
  readonly everyMs?: number;
  readonly clock?: Clock;
  /** Puts another pair into use. Where it throws, the pair does not count as used, and is offered again. */
  readonly onRenewed: (pair: CertifiedKey) => void;
  readonly onError: (error: Error) => void;
}

export interface CertificateWatch {
  /** The last pair that could be used. */
  readonly current: CertifiedKey;
  close(): void;
}

/**
 * Reads `tls.crt` and `tls.key` at once, and throws where they cannot be used; then looks each `everyMs` whether they hold
 * something else. What cannot be used leaves the pair before in use, and is told once. It is only told when the next look
 * finds it still there: whoever writes one file after the other is not at fault in between.
 *
 * It looks at the content, for kubelet renews a mounted Secret by another target of a link that leads to the files, which a
 * watch on the files does not see, or sees once. The files are small and in memory, so reading them at once blocks nobody.
 */
export function watchCertificate({
  folder,
  everyMs = EVERY_MS,
  clock = systemClock,
  onRenewed,
  onError,
}: WatchOptions): CertificateWatch {
  let current = firstPair(folder);
  let suspected = '';
  const told = new Set<string>();
  let cancel: Cancel = clock.setTimeout(look, everyMs);

  function look(): void {
    cancel = clock.setTimeout(look, everyMs);
    try {
      renew();
      suspected = '';
      told.clear();
    } catch (error) {
      suspect(error);
    }
  }

  function renew(): void {
    const pair = readPair(folder);
    if (pair.cert !== current.cert || pair.key !== current.key) {
      checkUsable(pair);
      onRenewed(pair);
      current = pair;
    }
  }

  function suspect(cause: unknown): void {
    const fault = messageOf(cause);
    if (fault !== suspected) {
      suspected = fault;
    } else if (!told.has(fault)) {
      told.add(fault);
      const message = `Mend the certificate in "${folder}": ${fault}. The one before it stays in use until it expires`;
      onError(new Error(message, { cause }));
    }
  }

  return {
    get current() {
      return current;
    },
    close() {
      cancel();
    },
  };
}

function firstPair(folder: string): CertifiedKey {
  try {
    const pair = readPair(folder);
    checkUsable(pair);
    return pair;
  } catch (error) {
    throw new Error(`Mount a Secret of the type kubernetes.io/tls at "${folder}": ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function readPair(folder: string): CertifiedKey {
  return { cert: readPart(folder, 'tls.crt'), key: readPart(folder, 'tls.key') };
}

function readPart(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch (error) {
    throw new Error(`${file} cannot be read (${codeOf(error)})`, { cause: error });
  }
}

/** Throws what is wrong with a pair. `createSecureContext` alone takes an empty text for none, and names no file. */
function checkUsable({ cert, key }: CertifiedKey): void {
  const certificate = tryTo('tls.crt holds no certificate', () => new X509Certificate(cert));
  const privateKey: KeyObject = tryTo('tls.key holds no private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new Error('tls.key is not the key of the certificate in tls.crt');
  }
  tryTo('tls.crt and tls.key cannot be used', () => createSecureContext({ cert, key }));
}

function tryTo<Result>(fault: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw new Error(`${fault} (${codeOf(error)})`, { cause: error });
  }
}

/** What OpenSSL and the file system call it; never a text that might quote the file. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'no code';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
