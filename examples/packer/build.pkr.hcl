# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

# What is done in the machine is the same for all builders. Remove the sources that your site does not have.
build {
  sources = [
    "source.amazon-ebs.golden",
    "source.proxmox-clone.golden",
    "source.qemu.golden",
    "source.vsphere-clone.golden",
  ]

  # Ansible connects to the machine itself: the proxy of this provisioner offers a key type that OpenSSH no longer accepts.
  provisioner "ansible" {
    playbook_file   = "${path.root}/build.yml"
    user            = var.account
    use_proxy       = false
    extra_arguments = ["--extra-vars", local.play, "--ssh-common-args", "-o IdentitiesOnly=yes"]
  }

  # The verdict of the build and where its evidence is go beside what Packer records about the image.
  post-processor "manifest" {
    output     = "images/${var.image_name}.json"
    strip_path = true
  }
}
