import type { Content } from '../../api/content.ts';
import { hash } from '../../api/hash.ts';
import type { RecordedContent } from '../../api/record.ts';

/** Nobody changes a release that was read: it is hashed once, however often it is looked at. */
const hashes = new WeakMap<Content, string>();

/** Of all of a release that reaches the pods. */
export function contentHash(release: Content): string {
  const known = hashes.get(release) ?? hashOf(release);
  hashes.set(release, known);
  return known;
}

function hashOf({ image, runtime, documentRoot, systemSoftwareDependencies, userInputs }: Content): string {
  const asked = userInputs?.length ? userInputs : undefined;
  return hash({ image, runtime, documentRoot, systemSoftwareDependencies, userInputs: asked });
}

/** The part of it that a record keeps; the image is there already. */
export function recordedContent({
  runtime,
  documentRoot,
  systemSoftwareDependencies,
  userInputs,
}: Content): RecordedContent {
  return {
    ...(runtime && { runtime }),
    ...(documentRoot !== undefined && { documentRoot }),
    ...(systemSoftwareDependencies && { systemSoftwareDependencies }),
    ...(userInputs?.length && { userInputs }),
  };
}
