import type { Content } from '../../api/content.ts';
import { hash } from '../../api/hash.ts';
import type { RecordedContent } from '../../api/record.ts';

export function contentHash({ image, runtime, documentRoot, systemSoftwareDependencies, userInputs }: Content): string {
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
