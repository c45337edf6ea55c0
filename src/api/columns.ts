/** What `kubectl get` shows. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

const condition = (type: string, field: string) => `.status.conditions[?(@.type=="${type}")].${field}`;

function text(name: string, jsonPath: string, description: string): Column {
  return { name, type: 'string', jsonPath, description };
}

/** Shown with `-o wide` only. */
function wide(column: Column): Column {
  return { ...column, priority: 1 };
}

const AGE: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Since when it exists',
};

export const installationColumns: Column[] = [
  text('Provider', '.spec.provider', 'What is installed'),
  text('Current', '.status.currentVersion', 'The version whose rollout was done last'),
  text('Target', '.status.targetVersion', 'The version decided on'),
  text('Policy', '.spec.upgradePolicy', 'Who decides on upgrades'),
  text('Tier', '.spec.resourceTier', 'How much it gets'),
  text('Ready', condition('Ready', 'status'), 'Whether what the spec asks for runs'),
  text('Status', condition('Ready', 'reason'), 'Why'),
  text('Update', condition('UpdateAvailable', 'status'), 'Whether a newer release is published'),
  AGE,
  wide(text('Message', condition('Ready', 'message'), 'Why, in words')),
  wide(text('Image', '.status.currentImage', 'Image of the current version')),
];

/** What is published, and whether all of it can be used. */
function publishedColumns(what: { readonly one: string; readonly use: string; readonly latest: string }): Column[] {
  return [
    text('Latest', '.status.latestVersion', what.latest),
    {
      name: 'Versions',
      type: 'integer',
      jsonPath: '.status.publishedVersions',
      description: `How many ${what.one}s can be ${what.use}`,
    },
    text('Ready', condition('Ready', 'status'), `Whether every ${what.one} can be ${what.use}`),
    AGE,
    wide(text('Message', condition('Ready', 'message'), 'What is wrong with it')),
  ];
}

export const providerColumns: Column[] = [
  text('Org', '.spec.org', 'Who publishes it'),
  text('Provider', '.spec.name', 'Its name'),
  ...publishedColumns({ one: 'release', use: 'installed', latest: 'Highest release for everybody' }),
];

export const softwareColumns = publishedColumns({
  one: 'version',
  use: 'used',
  latest: 'Highest version for everybody',
});
