# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

# A template of Proxmox VE, from a clone of another one:
#
#   packer build -only=proxmox-clone.golden -var-file=site.pkrvars.hcl .

variable "proxmox" {
  description = "Where the template is, and the node on which the machine runs meanwhile."
  type = object({
    url      = string
    username = string
    node     = string
    template = string
    bridge   = string
  })
  default = {
    url      = "https://proxmox.example.org:8006/api2/json"
    username = "packer@pve"
    node     = "pve1"
    template = "debian-12-installed"
    bridge   = "vmbr0"
  }
}

variable "proxmox_password" {
  description = "The password of that account, preferably from the environment: PKR_VAR_proxmox_password."
  type        = string
  default     = ""
}

source "proxmox-clone" "golden" {
  proxmox_url          = var.proxmox.url
  username             = var.proxmox.username
  password             = var.proxmox_password
  node                 = var.proxmox.node
  clone_vm             = var.proxmox.template
  template_name        = var.image_name
  qemu_agent           = true
  ssh_username         = var.account
  ssh_private_key_file = var.account_key
  network_adapters {
    model  = "virtio"
    bridge = var.proxmox.bridge
  }
}
