# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

# A golden image of an existing disk image:
#
#   packer build -only=qemu.golden -var template=/srv/templates/debian-12.qcow2 .

variable "template" {
  description = "The disk image to start from. It is copied."
  type        = string
  default     = "/srv/templates/debian-12.qcow2"
}

variable "template_checksum" {
  description = "The checksum of that file, such as sha256:01ab... or none."
  type        = string
  default     = "none"
}

variable "accelerator" {
  description = "kvm, or tcg where there is none."
  type        = string
  default     = "kvm"
}

variable "qemu_arguments" {
  description = "More arguments of QEMU, or those that take the place of Packer's own."
  type        = list(list(string))
  default     = []
}

source "qemu" "golden" {
  iso_url              = var.template
  iso_checksum         = var.template_checksum
  disk_image           = true
  format               = "qcow2"
  output_directory     = "images/${var.image_name}"
  vm_name              = "${var.image_name}.qcow2"
  accelerator          = var.accelerator
  qemuargs             = var.qemu_arguments
  memory               = 1024
  headless             = true
  ssh_username         = var.account
  ssh_private_key_file = var.account_key
  ssh_timeout          = "20m"
  shutdown_command     = "sudo systemctl poweroff"
  shutdown_timeout     = "10m"
}
