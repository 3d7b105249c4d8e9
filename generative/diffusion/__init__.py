"""Latent diffusion: text encoder, U-Net and VAE decoder as three models of one pipeline."""
