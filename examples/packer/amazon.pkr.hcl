# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

# A machine image of Amazon EC2, from another one:
#
#   packer build -only=amazon-ebs.golden -var-file=site.pkrvars.hcl .
#
# The account of Amazon is taken from the environment, as the command aws does.

variable "amazon" {
  description = "The region, the machine type of the build, and the owner and name of the image to start from."
  type = object({
    region = string
    type   = string
    owner  = string
    source = string
  })
  default = {
    region = "eu-central-1"
    type   = "t3.small"
    owner  = "136693071363"
    source = "debian-12-amd64-*"
  }
}

source "amazon-ebs" "golden" {
  region        = var.amazon.region
  instance_type = var.amazon.type
  ami_name      = "${var.image_name}-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  source_ami_filter {
    filters = {
      name                = var.amazon.source
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
    owners      = [var.amazon.owner]
    most_recent = true
  }
  encrypt_boot = true
  # Packer makes a key for this account, which is removed with it.
  ssh_username = var.account
}
