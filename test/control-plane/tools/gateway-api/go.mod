// Nothing is built of it: its CRDs are what the route of the chart is held against.
module provider-operator.io/tools/gateway-api

go 1.26.0

require sigs.k8s.io/gateway-api v1.3.0 // indirect
