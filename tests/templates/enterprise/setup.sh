#!/bin/sh
# From a Debian with the programs of Enterprise Linux to a system that looks like one. Run in a mount namespace of its own, in the tree.
set -e
here=$1
release=$(ls usr/lib/modules)
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
for device in null:3 zero:5 random:8 urandom:9; do mknod -m 666 dev/${device%:*} c 1 ${device#*:}; done
ln -s /proc/self/fd dev/fd

# What Debian has in other places, and what Enterprise Linux does not have.
for package in apt dpkg debian-archive-keyring libapt-pkg7.0; do
    for list in var/lib/dpkg/info/$package.list var/lib/dpkg/info/$package:*.list; do
        [ ! -e "$list" ] || chroot . sh -c 'while read -r path; do [ -d "$path" ] || rm -f "$path"; done' <"$list"
    done
done
rm -f usr/lib/systemd/system/ssh*.service usr/lib/systemd/system/ssh*.socket etc/systemd/system/ssh*.service
rm -rf etc/init.d etc/rc?.d etc/systemd/system/ssh*.wants etc/dnf/plugins/local.conf boot/initrd.img* initrd.img* vmlinuz*
# Programs that Enterprise Linux has elsewhere, so that its inventory does not list them, and that nothing here calls.
chmod u-s usr/lib/dbus-1.0/dbus-daemon-launch-helper usr/lib/openssh/ssh-keysign
mv usr/lib/systemd/system/cron.service usr/lib/systemd/system/crond.service
mv usr/lib/systemd/system/chrony.service usr/lib/systemd/system/chronyd.service
mv etc/chrony/chrony.conf etc/chrony.conf
echo 'DAEMON_OPTS="-F 2 -f /etc/chrony.conf"' >etc/default/chrony
chroot . find /etc/systemd/system -xtype l -delete
cp -r --no-preserve=ownership "$here/files/." .
chmod 600 etc/NetworkManager/system-connections/*
groupadd --root "$PWD" --system wheel
sed -i 's/^%sudo/%wheel/' etc/sudoers
ln -sf ../usr/share/zoneinfo/UTC etc/localtime
printf 'stand-in\n' >etc/hostname
printf '127.0.0.1 localhost stand-in\n::1 localhost\n' >etc/hosts
: >etc/resolv.conf
mkdir -p etc/authselect etc/sysconfig var/log/anaconda
: >etc/sysconfig/sshd

chroot . systemctl --quiet enable sshd.service crond.service chronyd.service

# The stacks of PAM are those that authselect writes.
sed -i -E 's/^@include common-(auth|account|password|session)(-noninteractive)?/\1 include system-auth/' etc/pam.d/* usr/lib/pam.d/*
sed -i 's/system-auth/password-auth/' etc/pam.d/sshd etc/pam.d/cron
mv etc/pam.d/cron etc/pam.d/crond
rm etc/pam.d/common-*
chroot . authselect select local --force --quiet

# One policy, whose name is that of Enterprise Linux.
for directory in etc/selinux var/lib/selinux usr/share/selinux; do mv $directory/default $directory/targeted; done
sed -i 's/^SELINUX=.*/SELINUX=enforcing/; s/^SELINUXTYPE=.*/SELINUXTYPE=targeted/' etc/selinux/config
cp "$here/standin.te" tmp/
chroot . sh -ec 'cd /tmp && checkmodule -M -m -o standin.mod standin.te && semodule_package -o standin.pp -m standin.mod && semodule -n -i standin.pp'

# The database of rpm, with the files as they are now.
rm -rf var/lib/rpm && mkdir -p usr/lib/sysimage/rpm && ln -s ../../usr/lib/sysimage/rpm var/lib/rpm
python3 "$here/rpm_database.py" "$PWD" /tmp/rpm
mkdir tmp/rpm/tree && cp -al boot etc opt usr var bin lib lib64 sbin tmp/rpm/tree/
chroot . rpmbuild -bb --quiet --noclean --buildroot /tmp/rpm/tree --define '_rpmdir /tmp/rpm/made' --define '_binary_payload w.ufdio' \
    --define '__spec_install_pre %{nil}' --define '__os_install_post %{nil}' --define '_build_id_links none' \
    --define '_unpackaged_files_terminate_build 0' --define '_empty_manifest_terminate_build 0' /tmp/rpm/stand-in.spec
find tmp/rpm/made -name '*.rpm' | sed 's|^tmp|/tmp|' | xargs chroot . rpm --install --justdb --nodeps --nosignature

# A package with an update, in a repository that is signed, with advisories.
cp -r "$here/repository" tmp/
mkdir -p srv/repository etc/pki/rpm-gpg
cat >tmp/publish.sh <<'END'
set -e
cd /tmp/repository
export GNUPGHOME=/tmp/signing
mkdir -m 700 $GNUPGHOME
gpg --batch --quiet --passphrase '' --quick-generate-key stand-in rsa2048 sign never
gpg --armor --export stand-in >/etc/pki/rpm-gpg/RPM-GPG-KEY-stand-in
for package in "release 10.0" "tools 1.0" "tools 1.1"; do
    rpmbuild -bb --quiet --define '_rpmdir /tmp/made' --define "number ${package#* }" ${package% *}.spec
done
rpm --install --nodeps --nosignature /tmp/made/noarch/*-release-* /tmp/made/noarch/*-1.0-1.*
mv /tmp/made/noarch/*-1.1-1.* /srv/repository/
rpmsign --define '_gpg_name stand-in' --addsign /srv/repository/*.rpm
createrepo_c --quiet /srv/repository
modifyrepo_c --mdtype=updateinfo updateinfo.xml /srv/repository/repodata
gpgconf --kill all
END
chroot . sh /tmp/publish.sh
rm -rf tmp/* run/* root/rpmbuild
rm -rf var/lib/dpkg etc/dpkg etc/apt var/lib/apt var/cache/apt var/log/apt var/log/dpkg.log var/log/alternatives.log

# No command of GRUB is loaded for these two keys of an entry (grub.cfg).
sed -i '/^linux: /d; /^initrd: /d' usr/lib/grub/i386-pc/command.lst
# How it starts: an initramfs of dracut, an entry, and a saved choice.
chroot . systemd-machine-id-setup
entry=$(cat etc/machine-id)-$release
chroot . dracut --quiet --force "/boot/initramfs-$release.img" "$release"
mkdir -p boot/loader/entries etc/kernel
words="root=/dev/mapper/rhel-root ro $(sed -n 's/^GRUB_CMDLINE_LINUX="\(.*\)"/\1/p' etc/default/grub)"
echo "$words" >etc/kernel/cmdline
cat >"boot/loader/entries/$entry.conf" <<END
title Enterprise Linux stand-in ($release) 10.0
version $release
linux /vmlinuz-$release
initrd /initramfs-$release.img \$tuned_initrd
options $words \$tuned_params
grub_users \$grub_users
grub_arg --unrestricted
grub_class rhel
END
chroot . grub-editenv /boot/grub2/grubenv create
chroot . grub-editenv /boot/grub2/grubenv set "saved_entry=$entry"
