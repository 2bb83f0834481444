package config

import (
	"fmt"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
)

// Temporal makes the options of a Temporal client.
func (c Config) Temporal() (client.Options, error) {
	profile := envconfig.ClientConfigProfile{Address: c.TemporalAddress, Namespace: c.TemporalNamespace, APIKey: c.TemporalAPIKey}
	if c.TemporalTLS || c.TemporalAPIKey != "" || c.TemporalTLSCert != "" || c.TemporalTLSCA != "" {
		profile.TLS = &envconfig.ClientConfigTLS{
			ClientCertPath: c.TemporalTLSCert, ClientKeyPath: c.TemporalTLSKey,
			ServerCACertPath: c.TemporalTLSCA, ServerName: c.TemporalServerName,
		}
	}
	options, err := profile.ToClientOptions(envconfig.ToClientOptionsRequest{})
	if err != nil {
		return options, fmt.Errorf("configure temporal: %w", err)
	}
	return options, nil
}
