// Nothing is built of it: its CRDs are what the certificate of the chart is held against.
module provider-operator.io/tools/cert-manager

go 1.26.0

require github.com/cert-manager/cert-manager v1.19.1 // indirect
