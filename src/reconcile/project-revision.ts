import type { Stored } from '../controller/feed.ts';
import { ANNOTATION, LABEL } from '../api/names.ts';
import { parseNote, parseRecord, type RecordData, type RecordFacts } from '../api/record.ts';
import type { GeneratedSecret, RolloutRecord, StrayRevision } from '../plan/state/observed.ts';
import { parseMark } from '../plan/state/record.ts';
import { recordName } from '../plan/pods/record-object.ts';
import { templateId } from '../plan/pods/template.ts';
import { identity, ownerOf, type Raw } from './raw.ts';
import { sharedText, sharedValue } from './shared.ts';

export type RawRevision = Raw & { readonly data?: Partial<RecordData> };

/** A ControllerRevision with our label: the record of a rollout, or a stray. The Deployment in it is not kept. */
export function projectRevision(
  raw: RawRevision,
): Stored & { readonly installation: string } & (RolloutRecord | GeneratedSecret | StrayRevision) {
  const { metadata, data } = raw;
  const name = metadata.labels?.[LABEL.installation] ?? '';
  // Only the name of a ControllerRevision and its data can never be changed.
  const number = Number(/-(\d{1,15})$/.exec(metadata.name)?.[1] ?? 0);
  const base = {
    ...identity(metadata),
    installation: `${metadata.namespace ?? ''}/${name}`,
    name: metadata.name,
    uid: metadata.uid,
    owner: ownerOf(metadata),
    number,
  };
  const record = metadata.name === recordName({ name }, number) ? parseRecord(data) : undefined;
  if (record) {
    return recordOf(base, record, metadata.annotations);
  }
  const note = parseNote(data);
  return note
    ? { ...base, ...note, kind: 'generated', number: 0, isMade: metadata.annotations?.[ANNOTATION.made] === 'true' }
    : { ...base, kind: 'stray' };
}

function recordOf<B extends object>(base: B, record: RecordData, annotations: Raw['metadata']['annotations']) {
  const { deployment, ...facts } = record;
  const { minReadySeconds = 0, template } = deployment.spec;
  return {
    ...base,
    ...compactFacts(facts),
    kind: 'record' as const,
    template: sharedText(templateId(template?.metadata?.annotations)),
    minReadySeconds,
    mark: parseMark(annotations ?? {}),
  };
}

/** Thousands of records have most of this in common. */
function compactFacts(facts: RecordFacts): RecordFacts {
  const { committed, ports, effective } = facts;
  return {
    ...facts,
    provider: sharedText(facts.provider),
    trigger: sharedText(facts.trigger),
    version: sharedText(facts.version),
    image: sharedText(facts.image),
    content: facts.content && sharedValue(facts.content),
    from: sharedText(facts.from),
    previousVersion: sharedText(facts.previousVersion),
    committed: {
      wish: committed.wish,
      tier: sharedText(committed.tier),
      release: sharedText(committed.release),
      asked: sharedText(committed.asked),
      software: sharedText(committed.software),
    },
    ports: ports && sharedValue(ports),
    effective: { ...effective, tier: effective.tier && sharedValue(effective.tier) },
    inputs: facts.inputs && sharedValue(facts.inputs),
    requiredBy: facts.requiredBy && sharedValue(facts.requiredBy),
    retries: sharedValue(facts.retries),
    failures: sharedValue(facts.failures),
  };
}
