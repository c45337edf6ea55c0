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

/** Holds the number of pods from when a tier stops owning it until somebody else sets it. */
export const LEFT_TO_OTHERS = 'provider-operator-left-to-others';

/**
 * Labels of every child. None but `version` changes over an upgrade. The keys are our own: charts select pods by
 * `app.kubernetes.io/name` and `instance`, and an installation may have the name of somebody's release.
 */
export const LABEL = {
  installation: `${GROUP}/installation`,
  /** The name of its Provider: `acme.web`. */
  provider: `${GROUP}/provider`,
  version: `${GROUP}/version`,
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
  /** On the Deployment: hashes of what its template was made from. */
  committed: `${GROUP}/committed`,
  /** On every child: hash of all else that the operator applied, so that a change by somebody else shows. */
  applied: `${GROUP}/applied`,
  /** On the Deployment: the version that was stable when the template was committed. */
  stableVersion: `${GROUP}/stable-version`,
  /** On the Deployment: why, when and for which wish its template was committed, and the revision to go back to. */
  attempt: `${GROUP}/rollout`,
  /** On the Deployment: what failed, so that nothing is repeated even where the status was lost. */
  failed: `${GROUP}/failed`,
  /** On an installation or a Provider, by people: any new value lets what failed be tried again. */
  retry: `${GROUP}/retry`,
} as const;

export const INSTALLATION_PLURAL = 'providerinstallations';
export const PROVIDER_PLURAL = 'providers';
export const SOFTWARE_PLURAL = 'systemsoftwares';
