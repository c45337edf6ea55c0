import type { z } from 'zod';
import { Release } from './provider.ts';

/** All of a release that reaches the pods: it never changes once published. */
const Content = Release.pick({
  image: true,
  runtime: true,
  documentRoot: true,
  systemSoftwareDependencies: true,
  userInputs: true,
});
export type Content = z.output<typeof Content>;

/** Undefined where it is no content that could be published today. */
export function parseContent(content: unknown): Content | undefined {
  return Content.safeParse(content).data;
}
