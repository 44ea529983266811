# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

variable "image_name" {
  description = "The name of the image, and of the directory that it is written to."
  type        = string
  default     = "debian-12"
}

variable "profile" {
  description = "The profile that the image must comply with."
  type        = string
  default     = "hipaa"
}

variable "account" {
  description = "The builder's account in the machine, with sudo and without a password. It is removed when the machine shuts down."
  type        = string
  default     = "packer"
}

variable "account_key" {
  description = "The file with the private SSH key of that account."
  type        = string
  default     = "~/.ssh/packer"
}

variable "account_files" {
  description = "Files that are removed with the account."
  type        = list(string)
  default     = ["/etc/sudoers.d/packer"]
}

variable "evidence" {
  description = "The directory for the evidence, on the machine that runs Packer."
  type        = string
  default     = "evidence"
}

variable "settings" {
  description = "The site's own variables of the roles, such as {patch_sources = \"...\"}."
  type        = map(string)
  default     = {}
}

# The values of all builders go to the play in one file.
locals {
  play = jsonencode(merge(var.settings, {
    baseline_profile = var.profile
    build_accounts   = [var.account]
    build_paths      = var.account_files
    build_facts      = "${abspath(var.evidence)}/${var.image_name}.json"
    evidence_dir     = abspath(var.evidence)
  }))
}
