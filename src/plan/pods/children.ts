import { ANNOTATION, API_VERSION, INSTALLATION_KIND, LABEL } from '../../api/names.ts';
import { inputsHash } from '../state/committed.ts';
import { inputHashes, type Inputs } from './inputs.ts';
import type { Installation } from '../state/observed.ts';
import { ownedHash } from '../state/owned-hash.ts';
import type { ContainerVariable } from './environment.ts';
import { podTemplate, templateVariables } from './template.ts';

/** An object to apply, and the hash of the fields that the operator owns in it afterwards. */
export interface Child {
  readonly object: ChildObject;
  readonly hash: string;
}

interface ChildObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences: readonly object[];
  };
  readonly spec?: object;
  /** Of a ControllerRevision. */
  readonly data?: object;
  readonly revision?: number;
}

/** Chooses exactly the pods of this installation: a label of ours alone, so that it can never choose another's. */
export function selectorOf(name: string): Readonly<Record<string, string>> {
  return { [LABEL.installation]: name };
}

export function deploymentOf(inputs: Inputs): Child {
  const { installation, release, configuration, shape } = inputs;
  const selector = selectorOf(installation.name);
  // Only what is replaced with the version carries it: a Service keeps its labels over an upgrade.
  const labels = { ...labelsOf(installation), [LABEL.version]: versionLabel(release.version) };
  const number = String(inputs.number);
  return child({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadataOf(installation, { ...labels, [LABEL.rollout]: number }),
    spec: {
      ...(shape.replicas !== undefined && { replicas: shape.replicas }),
      selector: { matchLabels: selector },
      // Make before break: no old pod goes before a new one is ready.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      progressDeadlineSeconds: inputs.progressDeadlineSeconds,
      ...(inputs.minReadySeconds > 0 && { minReadySeconds: inputs.minReadySeconds }),
      revisionHistoryLimit: 3,
      template: podTemplate({
        ...inputs,
        ...tenantsPart(inputs),
        labels,
        selector,
        configHash: configuration.hash,
        inputsHash: inputsHash(inputHashes(inputs)),
        number,
      }),
    },
  });
}

/** The variables of the container. */
export function variablesOf(inputs: Inputs): readonly ContainerVariable[] {
  return templateVariables({ ...inputs, ...tenantsPart(inputs) });
}

function tenantsPart({ installation, configuration, sheet }: Inputs) {
  return { documentRoot: installation.spec.documentRoot, config: configuration.env, inputs: sheet.env };
}

/** Undefined where the tier has none. */
export function budgetOf({ installation, shape }: Inputs): Child | undefined {
  return shape.budget ? budgetFor(installation) : undefined;
}

export function budgetFor(installation: Installation): Child {
  return child({
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: metadataOf(installation, labelsOf(installation)),
    spec: { maxUnavailable: 1, selector: { matchLabels: selectorOf(installation.name) } },
  });
}

/** Completes an object with the hash of all that it applies. */
export function child(object: ChildObject): Child {
  const applied = ownedHash(object);
  const annotations = { ...object.metadata.annotations, [ANNOTATION.applied]: applied };
  return { object: { ...object, metadata: { ...object.metadata, annotations } }, hash: applied };
}

export function metadataOf(installation: Installation, labels: Record<string, string>) {
  return {
    name: installation.name,
    namespace: installation.namespace,
    labels,
    ownerReferences: [
      {
        apiVersion: API_VERSION,
        kind: INSTALLATION_KIND,
        name: installation.name,
        uid: installation.uid,
        // No blockOwnerDeletion: it would need the right to update the finalizers of installations.
        controller: true,
      },
    ],
  };
}

export function labelsOf({ name, spec }: Installation): Record<string, string> {
  return { [LABEL.installation]: name, [LABEL.provider]: spec.provider.replace('/', '.') };
}

/** A version of 64 characters is one too long for a label. */
export function versionLabel(version: string): string {
  return version.slice(0, 63).replace(/[^a-zA-Z0-9]+$/, '');
}
