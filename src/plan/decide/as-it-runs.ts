import { parseContent } from '../../api/content.ts';
import type { Release } from '../../api/provider.ts';
import { contentHash } from '../catalogue/content.ts';
import type { RolloutRecord } from '../state/observed.ts';

/**
 * The release with the content that runs, where other content was published as its version since: an edit that names no other
 * version asks for none. As it is published where the record does not know.
 */
export function asItRuns(published: Release, stable: RolloutRecord | undefined): Release {
  if (stable?.version !== published.version || stable.committed.release === contentHash(published)) {
    return published;
  }
  const content = parseContent({ ...stable.content, image: stable.image });
  // An older operator, or somebody's edit, may have left out a part of it.
  const isWhole = content !== undefined && contentHash(content) === stable.committed.release;
  const { runtime: _, documentRoot: __, systemSoftwareDependencies: ___, userInputs: ____, ...rest } = published;
  return isWhole ? { ...rest, ...content } : published;
}
