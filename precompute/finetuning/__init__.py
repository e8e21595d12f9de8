"""Fine-tuning pretrained models through their own packages' training, recorded to be repeated and followed."""
