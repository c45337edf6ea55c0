// Decodes HelmReleases as helm-controller does, and says what it does not know: YAML on standard input.
package main

import (
	"io"
	"log"
	"os"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	"sigs.k8s.io/yaml"
)

func main() {
	log.SetFlags(0)
	manifest, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	var release helmv2.HelmRelease
	if err := yaml.UnmarshalStrict(manifest, &release); err != nil {
		log.Fatalf("not a HelmRelease: %v", err)
	}
}
