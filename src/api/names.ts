/**
 * Every name that other programs may rely on, once.
 */
export const GROUP = 'provider-operator.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;
export const INSTALLATION_KIND = 'ProviderInstallation';
export const PROVIDER_KIND = 'Provider';
export const SOFTWARE_KIND = 'SystemSoftware';

/** Owns, by server-side apply, every field of a child that the operator decides. */
export const FIELD_MANAGER = 'provider-operator';

/** Owns the marks of records: what is found out of a rollout after its record was written. */
export const MARKER = 'provider-operator-marks';

/** Holds the number of pods from when a tier stops owning it until somebody else sets it. */
export const LEFT_TO_OTHERS = 'provider-operator-left-to-others';

/** Owns the fields of an installation that callers of the REST API set. */
export const API_MANAGER = 'provider-operator-api';

/**
 * Labels of every child. None but `version` changes over an upgrade. The keys are our own: charts select pods by
 * `app.kubernetes.io/name` and `instance`, and an installation may have the name of somebody's release.
 */
export const LABEL = {
  installation: `${GROUP}/installation`,
  /** The name of its Provider: `acme.web`. */
  provider: `${GROUP}/provider`,
  version: `${GROUP}/version`,
  /** On the Deployment: number of the record that its pods are made of. `kubectl rollout undo` leaves it as it is. */
  rollout: `${GROUP}/rollout`,
  /** On a Secret that the operator made, and on the note of it. */
  generated: `${GROUP}/generated`,
  /** On a Secret with inputs that came by the REST API: the name of the installation. */
  inputs: `${GROUP}/inputs`,
} as const;

/** Deployments are watched by this label, because those of others change often and are many. */
export const CHILD_SELECTOR = LABEL.installation;

export const ANNOTATION = {
  /** On the pod template: the version that these pods run. */
  version: `${GROUP}/version`,
  /** On the pod template: hash of `config`, `configFrom` and what the references held. */
  configHash: `${GROUP}/config-hash`,
  /** On the pod template: the system software that these pods have, such as `node=22.4.0 php=8.3.12`. */
  software: `${GROUP}/software`,
  /** On the pod template: hash of everything that it was made from. */
  inputsHash: `${GROUP}/inputs-hash`,
  /** On the pod template: number of the record that these pods are made of. */
  rollout: `${GROUP}/rollout`,
  /** On every child: hash of all else that the operator applied, so that a change by somebody else shows. */
  applied: `${GROUP}/applied`,
  /** On a record: when its rollout was done. */
  proven: `${GROUP}/proven`,
  /** On a record: what failed, when, and when it may be tried again. */
  failed: `${GROUP}/failed`,
  /** On a record: when its rollout was given up although nothing had failed, and why. */
  superseded: `${GROUP}/superseded`,
  /** On the same: when what was stable was applied again after it, where that was not at once. */
  returned: `${GROUP}/returned`,
  /** On the same: what was stable did not come back, and why. */
  returnFailed: `${GROUP}/return-failed`,
  /** On a record: hash of what the spec says of system software since, where that comes to the same pods. */
  asked: `${GROUP}/asked`,
  /** On a record: the consent that it used was taken away since, so that a new one counts. */
  consentReturned: `${GROUP}/consent-returned`,
  /** On the note of a generated Secret: the Secret was made, and is never made anew. */
  made: `${GROUP}/made`,
  /** On an installation or a Provider, by people: any new value lets what failed be tried again. */
  retry: `${GROUP}/retry`,
  /** On an installation, by people and the REST API: any other value makes its pods anew. On the pod template: the one that they were made for. */
  restart: `${GROUP}/restart`,
  /** On an installation, by the REST API: the last requests that had an Idempotency-Key. */
  requests: `${GROUP}/requests`,
} as const;

/** As the name of a namespace is. */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** The name of an installation, of at most 52 characters. */
export const INSTALLATION_NAME = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

export const INSTALLATION_PLURAL = 'providerinstallations';
export const PROVIDER_PLURAL = 'providers';
export const SOFTWARE_PLURAL = 'systemsoftwares';
