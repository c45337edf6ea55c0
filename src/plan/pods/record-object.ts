import { LABEL } from '../../api/names.ts';
import type { RecordData, RecordedDeployment } from '../../api/record.ts';
import { child, labelsOf, metadataOf, versionLabel, type Child } from './children.ts';
import type { Installation } from '../state/observed.ts';

export function recordName({ name }: Pick<Installation, 'name'>, number: number): string {
  return `${name}-${number}`;
}

/** The ControllerRevision to create. */
export function recordObject(installation: Installation, number: number, data: RecordData): Child['object'] {
  const { labels, ownerReferences, namespace } = metadataOf(installation, {
    ...labelsOf(installation),
    [LABEL.version]: versionLabel(data.version),
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: { name: recordName(installation, number), namespace, labels, ownerReferences },
    data,
    revision: number,
  };
}

/** The Deployment of a record, to be applied again. */
export function recordedDeployment(installation: Installation, { metadata, spec }: RecordedDeployment): Child {
  return child({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { ...metadataOf(installation, { ...metadata.labels }), annotations: { ...metadata.annotations } },
    spec,
  });
}
