/** The columns of `kubectl get`. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

const condition = (type: string, field: string) => `.status.conditions[?(@.type=="${type}")].${field}`;

function column(name: string, jsonPath: string, description: string, type = 'string'): Column {
  return { name, type, jsonPath, description };
}

/** Shown with `-o wide` only. */
function wide(shown: Column): Column {
  return { ...shown, priority: 1 };
}

const AGE = column('Age', '.metadata.creationTimestamp', 'Since when it exists', 'date');

export const installationColumns: Column[] = [
  column('Provider', '.spec.provider', 'What is installed'),
  column('Current', '.status.currentVersion', 'The version whose rollout was done last'),
  column('Target', '.status.targetVersion', 'The version decided on'),
  column('Policy', '.spec.upgradePolicy', 'Who decides on upgrades'),
  column('Tier', '.spec.resourceTier', 'How much it gets'),
  column('Ready', condition('Ready', 'status'), 'Whether what the spec asks for runs'),
  column('Status', condition('Ready', 'reason'), 'Why'),
  column('Update', condition('UpdateAvailable', 'status'), 'Whether a newer release is published'),
  AGE,
  wide(column('Message', condition('Ready', 'message'), 'Why, in words')),
  wide(column('Image', '.status.currentImage', 'Image of the current version')),
];

/** Of everything published: how much there is, and whether all of it can be used. */
function publishedColumns(what: { readonly one: string; readonly use: string; readonly latest: string }): Column[] {
  return [
    column('Latest', '.status.latestVersion', what.latest),
    column('Versions', '.status.publishedVersions', `How many ${what.one}s can be ${what.use}`, 'integer'),
    column('Ready', condition('Ready', 'status'), `Whether every ${what.one} can be ${what.use}`),
    AGE,
    wide(column('Message', condition('Ready', 'message'), 'What is wrong with it')),
  ];
}

export const providerColumns: Column[] = [
  column('Org', '.spec.org', 'Who publishes it'),
  column('Provider', '.spec.name', 'Its name'),
  ...publishedColumns({ one: 'release', use: 'installed', latest: 'Highest release for everybody' }),
];

export const softwareColumns = publishedColumns({
  one: 'version',
  use: 'used',
  latest: 'Highest version for everybody',
});
