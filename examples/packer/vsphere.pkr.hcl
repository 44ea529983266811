# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

# A template of vSphere, from a clone of another one:
#
#   packer build -only=vsphere-clone.golden -var-file=site.pkrvars.hcl .

variable "vsphere" {
  description = "Where the template is, and where the new one is written."
  type = object({
    server    = string
    username  = string
    cluster   = string
    datastore = string
    folder    = string
    network   = string
    template  = string
  })
  default = {
    server    = "vcenter.example.org"
    username  = "packer@vsphere.local"
    cluster   = "clinical"
    datastore = "templates"
    folder    = "templates"
    network   = "build"
    template  = "debian-12-installed"
  }
}

variable "vsphere_password" {
  description = "The password of that account, preferably from the environment: PKR_VAR_vsphere_password."
  type        = string
  default     = ""
}

source "vsphere-clone" "golden" {
  vcenter_server       = var.vsphere.server
  username             = var.vsphere.username
  password             = var.vsphere_password
  cluster              = var.vsphere.cluster
  datastore            = var.vsphere.datastore
  folder               = var.vsphere.folder
  network              = var.vsphere.network
  template             = var.vsphere.template
  vm_name              = var.image_name
  convert_to_template  = true
  ssh_username         = var.account
  ssh_private_key_file = var.account_key
  shutdown_command     = "sudo systemctl poweroff"
  shutdown_timeout     = "10m"
}
