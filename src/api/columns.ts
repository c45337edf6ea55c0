/** What `kubectl get` shows. */
export interface Column {
  readonly name: string;
  readonly type: string;
  readonly jsonPath: string;
  readonly description: string;
  readonly priority?: number;
}

const condition = (type: string, field: string) => `.status.conditions[?(@.type=="${type}")].${field}`;

const AGE: Column = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'Since when it exists',
};

export const installationColumns: Column[] = [
  { name: 'Provider', type: 'string', jsonPath: '.spec.provider', description: 'What is installed' },
  {
    name: 'Current',
    type: 'string',
    jsonPath: '.status.currentVersion',
    description: 'The version whose rollout was done last',
  },
  { name: 'Target', type: 'string', jsonPath: '.status.targetVersion', description: 'The version decided on' },
  { name: 'Policy', type: 'string', jsonPath: '.spec.upgradePolicy', description: 'Who decides on upgrades' },
  { name: 'Tier', type: 'string', jsonPath: '.spec.resourceTier', description: 'How much it gets' },
  {
    name: 'Ready',
    type: 'string',
    jsonPath: condition('Ready', 'status'),
    description: 'Whether what the spec asks for runs',
  },
  { name: 'Status', type: 'string', jsonPath: condition('Ready', 'reason'), description: 'Why' },
  {
    name: 'Update',
    type: 'string',
    jsonPath: condition('UpdateAvailable', 'status'),
    description: 'Whether a newer release is published',
  },
  AGE,
  {
    name: 'Message',
    type: 'string',
    jsonPath: condition('Ready', 'message'),
    description: 'Why, in words',
    priority: 1,
  },
  {
    name: 'Image',
    type: 'string',
    jsonPath: '.status.currentImage',
    description: 'Image of the current version',
    priority: 1,
  },
];

/** What is published, and whether all of it can be used. */
function publishedColumns(what: { readonly one: string; readonly use: string; readonly latest: string }): Column[] {
  return [
    { name: 'Latest', type: 'string', jsonPath: '.status.latestVersion', description: what.latest },
    {
      name: 'Versions',
      type: 'integer',
      jsonPath: '.status.publishedVersions',
      description: `How many ${what.one}s can be ${what.use}`,
    },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: condition('Ready', 'status'),
      description: `Whether every ${what.one} can be ${what.use}`,
    },
    AGE,
    {
      name: 'Message',
      type: 'string',
      jsonPath: condition('Ready', 'message'),
      description: 'What is wrong with it',
      priority: 1,
    },
  ];
}

export const providerColumns: Column[] = [
  { name: 'Org', type: 'string', jsonPath: '.spec.org', description: 'Who publishes it' },
  { name: 'Provider', type: 'string', jsonPath: '.spec.name', description: 'Its name' },
  ...publishedColumns({ one: 'release', use: 'installed', latest: 'Highest release for everybody' }),
];

export const softwareColumns = publishedColumns({
  one: 'version',
  use: 'used',
  latest: 'Highest version for everybody',
});
