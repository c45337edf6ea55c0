import { setTimeout as passes } from 'node:timers/promises';
import { kubectl } from '../integration/support/kubectl.ts';

/** How the two tools apply the contents of Git, with their field managers. */
const TOOLS = {
  flux: ['apply', '--server-side', '--force-conflicts', '--field-manager=kustomize-controller', '-f', '-'],
  argo: ['apply', '--field-manager=argocd-controller', '-f', '-'],
} as const;
export type GitTool = keyof typeof TOOLS;
export const GIT_TOOLS = Object.keys(TOOLS) as readonly GitTool[];

/** Git, and a tool that applies its contents every second, far more often than any real one. */
export interface Git {
  /** Commits objects in place of those of the same kind and name. Resolves when the tool has applied them. */
  commit(...objects: readonly object[]): Promise<void>;
  /** Resolves when the tool has applied everything so many times more. */
  rounds(count: number): Promise<void>;
  /** The lines that the tool printed from the `n`th round on, a list for each. */
  printed(from: number): readonly string[];
  readonly count: number;
  /** Ends the tool, and fails if anything could not be applied. */
  stop(): Promise<void>;
}

const EVERY_MS = 1000;

export function startGit(tool: GitTool): Git {
  const contents = new Map<string, object>();
  const printed: string[] = [];
  const abort = new AbortController();
  let failure: unknown;
  let next = Promise.withResolvers<void>();

  async function sync(): Promise<void> {
    while (!abort.signal.aborted) {
      const began = performance.now();
      if (contents.size > 0) {
        printed.push(await kubectl(TOOLS[tool], { apiVersion: 'v1', kind: 'List', items: [...contents.values()] }));
      }
      const { resolve } = next;
      next = Promise.withResolvers();
      resolve();
      await passes(Math.max(0, EVERY_MS - (performance.now() - began)), undefined, { signal: abort.signal });
    }
  }
  const ended = sync().catch((error: unknown) => {
    if (!abort.signal.aborted) {
      failure = error;
      next.reject(error);
    }
  });
  // A failure may come while nobody waits. stop() reports it.
  next.promise.catch(() => {});

  async function rounds(count: number): Promise<void> {
    // The present round may have begun before the call.
    for (let i = 0; i <= count; i += 1) {
      await next.promise;
    }
  }

  return {
    rounds,
    get count() {
      return printed.length;
    },
    printed: (from) => printed.slice(from),
    async commit(...objects) {
      for (const object of objects) {
        const { kind, metadata } = object as { kind: string; metadata: { name: string } };
        contents.set(`${kind}/${metadata.name}`, object);
      }
      await rounds(1);
    },
    async stop() {
      abort.abort();
      await ended;
      if (failure !== undefined) {
        throw failure;
      }
    },
  };
}
