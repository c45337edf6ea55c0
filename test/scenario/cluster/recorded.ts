import type { Answer } from './conversation.ts';

/** What kube-apiserver 1.36.3 answered to `CONVERSATION`, without what its own controllers own. */
export const RECORDED: readonly Answer[] = [
  {
    status: 200,
    generation: 1,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:annotations': { 'f:applied': {} }, 'f:labels': { 'f:managed': {} } },
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': {
                  '.': {},
                  'f:env': {
                    'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                    'k:{"name":"B"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                  },
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                      '.': {},
                      'f:containerPort': {},
                      'f:name': {},
                      'f:protocol': {},
                    },
                  },
                  'f:resources': { 'f:limits': { 'f:cpu': {} } },
                },
              },
            },
          },
        },
      },
    },
    env: ['A', 'B'],
  },
  {
    status: 200,
    generation: 1,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:annotations': { 'f:applied': {} }, 'f:labels': { 'f:managed': {} } },
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': {
                  '.': {},
                  'f:env': {
                    'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                    'k:{"name":"B"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                  },
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                      '.': {},
                      'f:containerPort': {},
                      'f:name': {},
                      'f:protocol': {},
                    },
                  },
                  'f:resources': { 'f:limits': { 'f:cpu': {} } },
                },
              },
            },
          },
        },
      },
    },
    env: ['A', 'B'],
  },
  {
    status: 200,
    generation: 2,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:annotations': { 'f:applied': {} }, 'f:labels': { 'f:managed': {} } },
        'f:spec': {
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': {
                  '.': {},
                  'f:env': {
                    'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                    'k:{"name":"B"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                  },
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                      '.': {},
                      'f:containerPort': {},
                      'f:name': {},
                      'f:protocol': {},
                    },
                  },
                  'f:resources': { 'f:limits': { 'f:cpu': {} } },
                },
              },
            },
          },
        },
      },
      'editor Update': { 'f:spec': { 'f:replicas': {} } },
    },
    env: ['A', 'B'],
  },
  { status: 409, reason: 'Conflict', causes: ['.spec.replicas'] },
  {
    status: 200,
    generation: 3,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:annotations': { 'f:applied': {} }, 'f:labels': { 'f:managed': {} } },
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': {
                  '.': {},
                  'f:env': {
                    'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                    'k:{"name":"B"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                  },
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                      '.': {},
                      'f:containerPort': {},
                      'f:name': {},
                      'f:protocol': {},
                    },
                  },
                  'f:resources': { 'f:limits': { 'f:cpu': {} } },
                },
              },
            },
          },
        },
      },
    },
    env: ['A', 'B'],
  },
  {
    status: 200,
    generation: 4,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:annotations': { 'f:applied': {} }, 'f:labels': { 'f:managed': {}, 'f:version': {} } },
        'f:spec': {
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': {
                  '.': {},
                  'f:env': {
                    'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                    'k:{"name":"C"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                  },
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                      '.': {},
                      'f:containerPort': {},
                      'f:name': {},
                      'f:protocol': {},
                    },
                  },
                  'f:resources': { 'f:limits': { 'f:cpu': {} } },
                },
              },
            },
          },
        },
      },
    },
    env: ['C', 'A'],
  },
  {
    status: 200,
    generation: 5,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:annotations': { 'f:applied': {} }, 'f:labels': { 'f:managed': {}, 'f:version': {} } },
        'f:spec': {
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': {
                  '.': {},
                  'f:name': {},
                  'f:ports': {
                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                      '.': {},
                      'f:containerPort': {},
                      'f:name': {},
                      'f:protocol': {},
                    },
                  },
                  'f:resources': { 'f:limits': { 'f:cpu': {} } },
                },
              },
            },
          },
        },
      },
      'editor Update': {
        'f:spec': {
          'f:replicas': {},
          'f:template': {
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': {
                  'f:env': { 'k:{"name":"D"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
                  'f:image': {},
                },
              },
            },
          },
        },
      },
    },
    env: ['D'],
  },
  {
    status: 200,
    generation: 6,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:annotations': { 'f:applied': {} }, 'f:labels': { 'f:managed': {}, 'f:version': {} } },
        'f:spec': {
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': {
                  '.': {},
                  'f:env': {
                    'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                    'k:{"name":"C"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                  },
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                      '.': {},
                      'f:containerPort': {},
                      'f:name': {},
                      'f:protocol': {},
                    },
                  },
                  'f:resources': { 'f:limits': { 'f:cpu': {} } },
                },
              },
            },
          },
        },
      },
      'editor Update': {
        'f:spec': {
          'f:replicas': {},
          'f:template': {
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': { 'f:env': { 'k:{"name":"D"}': { '.': {}, 'f:name': {}, 'f:value': {} } } },
              },
            },
          },
        },
      },
    },
    env: ['D', 'C', 'A'],
  },
  {
    status: 200,
    generation: 6,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:annotations': { 'f:applied': {} }, 'f:labels': { 'f:version': {} } },
        'f:spec': {
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': {
                  '.': {},
                  'f:env': {
                    'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                    'k:{"name":"C"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                  },
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                      '.': {},
                      'f:containerPort': {},
                      'f:name': {},
                      'f:protocol': {},
                    },
                  },
                  'f:resources': { 'f:limits': { 'f:cpu': {} } },
                },
              },
            },
          },
        },
      },
      'editor Update': {
        'f:spec': {
          'f:replicas': {},
          'f:template': {
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': { 'f:env': { 'k:{"name":"D"}': { '.': {}, 'f:name': {}, 'f:value': {} } } },
              },
            },
          },
        },
      },
    },
    env: ['D', 'C', 'A'],
  },
  {
    status: 200,
    generation: 6,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:annotations': { 'f:applied': {} }, 'f:labels': { 'f:managed': {}, 'f:version': {} } },
        'f:spec': {
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': {
                  '.': {},
                  'f:env': {
                    'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                    'k:{"name":"C"}': { '.': {}, 'f:name': {}, 'f:value': {} },
                  },
                  'f:image': {},
                  'f:name': {},
                  'f:ports': {
                    'k:{"containerPort":8080,"protocol":"TCP"}': {
                      '.': {},
                      'f:containerPort': {},
                      'f:name': {},
                      'f:protocol': {},
                    },
                  },
                  'f:resources': { 'f:limits': { 'f:cpu': {} } },
                },
              },
            },
          },
        },
      },
      'editor Update': {
        'f:spec': {
          'f:replicas': {},
          'f:template': {
            'f:spec': {
              'f:containers': {
                'k:{"name":"provider"}': { 'f:env': { 'k:{"name":"D"}': { '.': {}, 'f:name': {}, 'f:value': {} } } },
              },
            },
          },
        },
      },
    },
    env: ['D', 'C', 'A'],
  },
  { status: 422, reason: 'Invalid', causes: ['metadata.uid', 'metadata.uid'] },
  { status: 409, reason: 'Conflict' },
  { status: 200 },
  { status: 409, reason: 'Conflict' },
  {
    status: 200,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:labels': { 'f:managed': {} } },
        'f:spec': {
          'f:ports': {
            'k:{"port":80,"protocol":"TCP"}': {
              '.': {},
              'f:name': {},
              'f:port': {},
              'f:protocol': {},
              'f:targetPort': {},
            },
            'k:{"port":81,"protocol":"TCP"}': {
              '.': {},
              'f:name': {},
              'f:port': {},
              'f:protocol': {},
              'f:targetPort': {},
            },
          },
          'f:selector': {},
        },
      },
    },
  },
  {
    status: 200,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:labels': { 'f:managed': {} } },
        'f:spec': {
          'f:ports': {
            'k:{"port":80,"protocol":"TCP"}': {
              '.': {},
              'f:name': {},
              'f:port': {},
              'f:protocol': {},
              'f:targetPort': {},
            },
            'k:{"port":82,"protocol":"TCP"}': {
              '.': {},
              'f:name': {},
              'f:port': {},
              'f:protocol': {},
              'f:targetPort': {},
            },
          },
          'f:selector': {},
        },
      },
    },
  },
  {
    status: 200,
    owners: {
      'provider-operator Apply': {
        'f:metadata': { 'f:labels': { 'f:managed': {} } },
        'f:spec': {
          'f:ports': {
            'k:{"port":80,"protocol":"TCP"}': {
              '.': {},
              'f:name': {},
              'f:port': {},
              'f:protocol': {},
              'f:targetPort': {},
            },
            'k:{"port":82,"protocol":"TCP"}': {
              '.': {},
              'f:name': {},
              'f:port': {},
              'f:protocol': {},
              'f:targetPort': {},
            },
          },
        },
      },
      'editor Update': { 'f:spec': { 'f:selector': {} } },
    },
  },
  { status: 409, reason: 'Conflict', causes: ['.spec.selector'] },
  { status: 422, reason: 'Invalid', causes: Array<string>(3).fill('metadata.ownerReferences') },
];
