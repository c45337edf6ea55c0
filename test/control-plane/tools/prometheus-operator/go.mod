// Nothing is built of it: its CRDs are what the monitors and rules of the chart are held against.
module provider-operator.io/tools/prometheus-operator

go 1.26.0

require github.com/prometheus-operator/prometheus-operator v0.85.0 // indirect
